# Splunk: the webhook alert action of Splunk Enterprise and Cloud, and webhooks of Splunk Observability Cloud.
# https://help.splunk.com/splunk-enterprise/alert-and-respond/alerting-manual/10.0/configure-alert-actions/use-a-webhook-alert-action
# https://docs.splunk.com/observability/en/admin/notif-services/webhook.html
# The alert action sends sid, search_name, app, owner, results_link and result, the first row, and never says that
# it is over: a search can say so itself with the fields tocsin_key and tocsin_status (splunk.md).
# Observability Cloud sends incidentId, the same from anomalous to ok, and status.
def text: if type == "number" or type == "boolean" then tostring elif type == "string" and . != "" then . else null end;
def one_of(f): first(f | text | values) // null;

def observability:
  one_of(.incidentId?) as $incident
  | one_of(.statusExtended?, .status?) as $status
  | one_of(.rule?) as $rule
  | one_of(.detector?) as $detector
  | ([(.dimensions? | objects), (.inputs[]? | objects | (.key?, .dimensions?) | objects)] | add // {}
     | with_entries(select((.key | startswith("sf_") or . == "orgId") | not)) | to_entries[:8] | from_entries) as $dimensions
  | one_of($dimensions | .host?, .["host.name"]?, .["service.name"]?, .service?, .container_name?) as $where
  | if $incident == null then {refused: "`incidentId` is missing; Splunk Observability Cloud sends it unless a custom payload leaves it out"}
    elif $status == null then {refused: "`statusExtended` and `status` are missing; Splunk Observability Cloud sends them unless a custom payload leaves them out"}
    else
      {
        status: ({"anomalous": "trigger", "ok": "resolve", "manually resolved": "resolve", "stopped": "resolve"}[$status | ascii_downcase] // $status),
        key: "incident:\($incident)",
        title: ((if $rule == null or $rule == $detector then $detector // one_of(.messageTitle?) // "Incident \($incident)" elif $detector == null then $rule else "\($rule) (\($detector))" end)
          + (if $where then " on \($where)" else "" end)),
        message: ([one_of(.description?, .messageBody?), one_of(.tip?)] | map(values) | join("\n\n")),
        severity: (one_of(.severity?) | if . then {"critical": "critical", "major": "high", "minor": "medium", "warning": "low", "info": "info"}[ascii_downcase] // . else null end),
        labels: ({detector: $detector, rule: $rule, metric: one_of(.originatingMetric?), condition: one_of(.detectOnCondition?)} + $dimensions),
        links: {"Detector": one_of(.detectorUrl?), "Runbook": one_of(.runbookUrl?)},
        occurred_at: one_of(.timestamp?)
      }
    end;

def search:
  (.result? | objects // {}) as $row
  | one_of(.search_name?) as $name
  | one_of(.sid?) as $sid
  # Fields of a raw event can be what an outsider wrote into a log: these count in computed rows alone.
  | (if $row | has("_raw") then {} else $row end) as $own
  | one_of($own.tocsin_key?) as $key
  | one_of($row.host?, $row.dest?) as $host
  # sid is scheduler__<owner>__<app>__<search>_at_<time>_<number>: what is before the time is the search's own.
  | ($name // ($sid | sub("_at_[0-9.]+.*$"; ""))) as $search
  | {
      status: one_of($own.tocsin_status?, "trigger"),
      key: (if $key then "key:\($key)" else "search:\([one_of(.app?), $search, $host] | map(values) | join(":"))" end),
      title: (one_of($own.tocsin_title?) // ("\($name // "A search of Splunk in \(one_of(.app?) // "an app")")" + (if $host then " on \($host)" else "" end))),
      message: ([one_of($row._raw?)] + [$row | to_entries[] | select(.key | (startswith("_") or startswith("tocsin_") or startswith("date_") or IN("punct", "linecount")) | not) | .key as $field
        | .value | if type == "array" then map(text | values) | join(", ") else text end | values | "\($field): \(.)"][:30] | map(values) | join("\n")),
      severity: one_of($own.severity?, $own.urgency?, $own.priority?),
      labels: {
        search: $name, app: one_of(.app?), owner: one_of(.owner?), host: $host, source: one_of($row.source?),
        sourcetype: one_of($row.sourcetype?), index: one_of($row.index?), count: one_of($row.count?), user: one_of($row.user?), src: one_of($row.src?)
      },
      links: {"Results": one_of(.results_link?)},
      # A real-time search (rt_…) keeps the time of its start.
      occurred_at: (($sid // "" | try capture("^[^r].*_at_(?<at>[0-9]{10})").at catch null) // null)
    };

if type != "object" then {refused: "the body is no object; the recipe reads Splunk's webhook alert action and Splunk Observability Cloud"}
elif has("incidentId") or has("detector") or has("sf_schema") then observability
elif (.search_name? | text) or (.sid? | text) then search
else {refused: "there is neither `search_name` nor `sid`, nor `incidentId`; the recipe reads Splunk's webhook alert action and Splunk Observability Cloud"} end
