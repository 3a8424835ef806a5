# Azure Monitor: action groups with the common alert schema. Azure Event Grid: the handshake, and changes of availability.
# Written from https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema,
# https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-payload-samples
# and https://learn.microsoft.com/azure/event-grid/webhook-event-delivery
def text: if type == "string" then trim | select(. != "") elif type == "number" or type == "boolean" then tostring else empty end;
def pick(f): first(f | text) // null;
def object(f): first(f | objects) // {};
def lower: (. // "") | ascii_downcase | split(" ") | join("") | split("-") | join("");
def names: [(arrays[] | text | split("/") | last | select(. != ""))] | if length > 3 then .[:3] + ["…"] else . end | join(", ");
def health: {unavailable: "high", degraded: "medium", unknown: "low"}[lower];
def alert:
  object(.data?.essentials?) as $e | object(.data?.alertContext?) as $c | object($c.properties?) as $p
  | pick($e.monitoringService) as $service | ($service | lower) as $kind
  | pick($e.alertTargetIDs[]?) as $target | (first($e.configurationItems?, $e.alertTargetIDs? | arrays | names | select(. != "")) // null) as $where
  | pick($e.monitorCondition) as $condition
  | (if $kind == "servicehealth" then pick($p.stage, $c.status) elif $kind == "resourcehealth" then pick($p.currentHealthStatus, $c.status) else null end | lower) as $stage
  | (pick($p.trackingId) // null) as $tracking
  | if $e.alertId | type != "string" then {refused: "data.essentials.alertId is missing: the common alert schema of Azure Monitor has it"}
    elif $condition | lower | IN("fired", "resolved") | not then {refused: "monitorCondition is `\($condition)`; Fired or Resolved was expected"}
    else
      {
        status: (if ($condition | lower) == "resolved" or ($stage | IN("resolved", "complete", "completed", "canceled", "cancelled", "rca", "available")) then "resolve" else "trigger" end),
        key: (if $kind == "servicehealth" and $tracking then "service-health:\($tracking)"
          elif $kind == "resourcehealth" and $target then "resource-health:\($target | ascii_downcase)"
          else "alert:\($e.alertId | ascii_downcase)" end),
        title: (if $kind == "servicehealth" then pick($p.defaultLanguageTitle, $p.title, $e.alertRule)
          elif $kind == "resourcehealth" then "\($where // "A resource") is \(pick($p.currentHealthStatus, $c.status))"
          elif $kind == "costalerts" and object($c.AlertData?).BudgetName then "Budget \(object($c.AlertData?).BudgetName)"
          else (pick($e.alertRule, $e.description) // "Azure alert") + (if $where then " on \($where)" else "" end) end),
        message: ([
            pick($e.description),
            (if $kind == "servicehealth" then pick($p.defaultLanguageContent, $p.communication) | plain_text elif $kind == "resourcehealth" then pick($p.title) else null end),
            ($c.condition?.allOf? | arrays[] | objects | "\(pick(.metricName, .webTestName, .metricMeasureColumn, .searchQuery) // "value") \(.operator // "") \(.threshold // "") (is \(.metricValue // "unknown"))"),
            pick(object($c.annotations?) | .summary, .description),
            (object($c.AlertData?) | objects | select(.SpentAmount) | "Spent \(.SpentAmount) of \(.BudgetThreshold)")
          ] | map(select(. != null and . != "")) | join("\n")),
        severity: (if $kind == "resourcehealth" then pick($p.currentHealthStatus) | health
          elif $kind | startswith("activitylog") or . == "servicehealth" then
            {critical: "critical", "1": "critical", error: "high", "2": "high", warning: "medium", "3": "medium", informational: "info", "4": "info"}[pick($c.level) | lower]
          else {sev0: "critical", sev1: "high", sev2: "medium", sev3: "low", sev4: "info"}[pick($e.severity) | lower] end),
        labels: (object($c.labels?) + (object(.data.customProperties?) | to_entries | .[:16] | from_entries) + ({
            rule: pick($e.alertRule), resource: $where, "resource-group": pick($e.targetResourceGroup, ($target | strings | capture("/resourcegroups/(?<g>[^/]+)"; "i") | .g)),
            "resource-type": pick($e.targetResourceType), service: $service, signal: pick($e.signalType), region: pick($p.region), operation: pick($c.operationName),
            dimensions: ([$c.condition?.allOf? | arrays[] | .dimensions? | arrays[] | objects | "\(.name)=\(.value)"] | unique | join(", ") | text? // null)
          } | with_entries(select(.value != null)))),
        links: {
          "Alert": pick($e.investigationLink), "Resource": (if $target then "https://portal.azure.com/#resource\($target)" else null end),
          "Results": pick(($c.condition?.allOf? | arrays[] | objects | .linkToFilteredSearchResultsUI, .linkToSearchResultsUI), $c.LinkToFilteredSearchResultsUI, $c.LinkToSearchResults)
        },
        actor: (if $kind == "activitylogadministrative" then pick($c.caller) else null end),
        occurred_at: (if ($condition | lower) == "resolved" then pick($e.resolvedDateTime) else pick($c.eventTimestamp, $e.firedDateTime) end)
      }
    end;
def event:
  if .eventType == "Microsoft.EventGrid.SubscriptionValidationEvent" and pick(.data?.validationCode?) != null then
    {reply: {status: 200, body: {validationResponse: .data.validationCode}}, ignored: "the handshake of Azure Event Grid"}
  elif (.eventType // .type) == "Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged" then
    object(.data?.resourceInfo?.properties?) as $p | pick($p.targetResourceId) as $target | pick($p.availabilityState) as $state
    | if $target == null or $state == null then {refused: "data.resourceInfo.properties has no targetResourceId or no availabilityState"}
      else {
        status: (if ($state | lower) == "available" then "resolve" else "trigger" end), key: "resource-health:\($target | ascii_downcase)",
        title: "\($target | split("/") | last) is \($state)", severity: ($state | health),
        labels: {resource: ($target | split("/") | last), "resource-type": pick($p.targetResourceType), service: "ResourceHealth"},
        links: {"Resource": "https://portal.azure.com/#resource\($target)"}, occurred_at: pick($p.occurredTime, .eventTime, .time)
      } end
  else {refused: "the event `\(.eventType // .type)` of Azure Event Grid is not known to this recipe; leave it out of the subscription, or write a jq program"} end;
(if type == "array" then .[] else . end)
| if type != "object" then {refused: "an alert of Azure Monitor or an event of Azure Event Grid was expected"}
  elif [.data?.essentials? | objects] != [] then alert
  elif .eventType != null or .specversion != null then event
  else {refused: "this is not the common alert schema: set \"Enable the common alert schema\" to Yes in the webhook of the action group in Azure"} end
