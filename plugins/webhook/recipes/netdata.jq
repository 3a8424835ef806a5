# Netdata: Netdata Cloud's webhook (alerts, reachability, both forms), and the agent's custom_sender of netdata.md.
# https://learn.netdata.cloud/docs/alerting/notifications/centralized-cloud-notifications/webhook
# https://github.com/netdata/netdata/blob/master/src/health/notifications/custom/README.md
# The key is node, chart and alert. Netdata Cloud's flat form names no node; its space stands in for it.
def text: if type == "number" then tostring elif type == "string" and . != "" then . else null end;
def one_of(f): first(f | text | values) // null;

if type != "object" then {refused: "the body is no object; the recipe reads Netdata Cloud's webhook and the custom_sender of netdata.md"}
elif has("crc_token") then
  {refused: "Netdata's challenge (crc_token) needs an HMAC with a secret that Tocsin does not give to recipes; verify with the token of a test notification instead"}
elif .title? == "Test Notification" or ((.token? | text) != null and ((.alert? // .alarm? // .status?) == null)) then
  {ignored: "a test of Netdata Cloud\(one_of(.token?) | if . then ": enter the token \(.) at Netdata to verify the webhook" else "" end)"}
else
  one_of(.host?, .node.hostname?, .node.name?, .node?, .hostname?) as $host
  | one_of(.space.name?, .space.slug?, .space?) as $space
  | one_of(.name?, .alert.name?, .alert?, .alarm?) as $name
  | ((.Rooms? // .rooms?) | if type == "object" then keys | join(", ") else null end) as $rooms
  | one_of(.status.text?, (.status.reachable? | if type == "boolean" then if . then "reachable" else "unreachable" end else . end)) as $reach
  | (one_of(.alert.state?.status?, .status?, .severity?) // "" | ascii_downcase) as $state
  | one_of(.chart?, .alert.chart?.id?, .alert.chart?.name?, .context?, .alert.context?) as $chart
  | if $reach != null then
      one_of($host, .url?) as $node
      | if $node == null then {refused: "`host` is missing; Netdata Cloud sends it with a change of reachability"}
        else
          {
            status: ({reachable: "resolve", unreachable: "trigger"}[$reach | ascii_downcase] // $reach),
            key: "node:\($node)",
            title: "\($host // "A node") is \($reach | ascii_downcase)",
            message: one_of(.message?),
            severity: one_of(.severity?),
            labels: {host: $host, space: $space, rooms: $rooms},
            links: {"Netdata": one_of(.url?)},
            occurred_at: one_of(.date?)
          }
        end
    elif $name == null then {refused: "there is neither `alert` nor `name` nor `status.reachable`; the recipe reads Netdata Cloud's webhook and the custom_sender of netdata.md"}
    elif $name == "test_alarm" and $chart == "test.chart" then {ignored: "a test of the Netdata agent: \($state)"}
    elif $state == "" then {refused: "`severity` or `status` is missing; Netdata sends warning, critical or clear"}
    elif $state | IN("uninitialized", "undefined") then {ignored: "\($name) has no value: \($state)"}
    else
      {
        status: ({warning: "trigger", critical: "trigger", clear: "resolve", removed: "resolve"}[$state] // $state),
        key: "alert:\([$host // $space, $chart, $name] | map(values) | join(":"))",
        title: "\(one_of(.alert.rendered?.summary?, .summary?) // $name)\(if $chart then " (\($chart))" else "" end)\(if $host then " on \($host)" else "" end)",
        message: ([one_of(.message?), one_of(.info?, .alert.rendered?.info?)] | map(values) | join("\n")),
        severity: {critical: "critical", warning: "medium"}[$state],
        labels: {
          host: $host, alert: $name, chart: $chart, family: one_of(.family?), class: one_of(.class?, .alert.config?.classification?),
          value: one_of(.value_string?, .value?, .alert.state?.value_str?), space: $space, rooms: $rooms, duration: one_of(.duration?, .alert.duration?.value_str?)
        },
        links: {"Netdata": one_of(.alert_url?, .alarm_url?, .goto_url?, .alert.url?)},
        occurred_at: one_of(.date?, .when?, .alert.state?.date?),
        remarks: (if $host then null else "Netdata sent no node: the alert \($name) of two nodes of this space is one incident" end)
      }
    end
end
