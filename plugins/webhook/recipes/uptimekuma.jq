# Uptime Kuma: Settings > Notifications, type Webhook, Request Body "Preset - application/json".
# heartbeat.status: 0 down, 1 up, 2 pending (a retry), 3 maintenance. The test button sends neither monitor
# nor heartbeat; an expiring certificate comes with a monitor and without a heartbeat.
if .monitor == null and .heartbeat == null then
  {ignored: "a test of Uptime Kuma: \(.msg // "no text")"}
elif .heartbeat == null then
  {
    status: "trigger",
    key: "certificate:\(.monitor.id // .monitor.name)",
    title: (.msg // "The certificate of \(.monitor.name) expires"),
    severity: "low",
    labels: {monitor: .monitor.name},
    links: {(.monitor.name // "Monitor"): .monitor.url}
  }
else
  .heartbeat.status as $status
  | if $status == 2 then {ignored: "a check is repeated before it counts"}
    elif $status == 3 then {ignored: "the monitor is in maintenance"}
    else
      {
        status: (if $status == 1 or $status == "1" then "up" else "down" end),
        key: "monitor:\(.heartbeat.monitorID // .monitor.id // .monitor.name)",
        title: ((.monitor.name // "Monitor \(.heartbeat.monitorID)") + (if $status == 1 or $status == "1" then " is up" else " is down" end)),
        message: (.heartbeat.msg // .msg),
        labels: {
          monitor: .monitor.name, type: .monitor.type, hostname: .monitor.hostname, url: .monitor.url,
          tags: ([.monitor.tags[]? | if (.value // "") == "" then .name else "\(.name)=\(.value)" end] | join(", "))
        },
        links: {(.monitor.name // "Monitor"): .monitor.url},
        occurred_at: (.heartbeat.time // null)
      }
    end
end
