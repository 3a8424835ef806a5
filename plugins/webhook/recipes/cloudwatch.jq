# CloudWatch alarms: an SNS topic with an HTTPS subscription (with or without raw message delivery), an EventBridge rule
# for "CloudWatch Alarm State Change" to that topic, or to an API destination. Written from
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html,
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html. SNS sends text/plain.
def object: if type == "object" then . else {} end;
def text: if type == "string" then trim | select(. != "") elif type == "number" then tostring else empty end;
def one(f): first(f | text) // null;
def dimensions: if type == "object" then . else ([.[]? | objects | {(one(.name, .Name) // "dimension"): one(.value, .Value)}]
  | add // {}) end;
def event($name; $arn; $account; $region; $state; $texts; $metric; $dimensions; $at; $delivery):
  ($arn // "" | split(":") | if length >= 7 and .[2] == "cloudwatch" then .[3] else null end) as $code
  | if $state == null then {refused: "the alarm \($name) has no state"}
    elif $state | IN("OK", "ALARM", "INSUFFICIENT_DATA") | not then
      {refused: "the alarm \($name) has the state \($state); OK, ALARM or INSUFFICIENT_DATA was expected"}
    else
      {
        status: (if $state == "OK" then "ok" else "alarm" end),
        key: ($arn // "\($account // ""):\($region // ""):\($name)"),
        title: $name,
        message: ([$texts[] | text] | join("\n\n")),
        severity: (if $state == "INSUFFICIENT_DATA" then "low" else null end),
        labels: ({state: $state, account: $account, region: $region, metric: one($metric.MetricName, $metric.name),
          namespace: one($metric.Namespace, $metric.namespace)} + ($dimensions | to_entries | .[:8] | from_entries)),
        links: (if $code and ($arn | startswith("arn:aws:")) then
          {"Alarm": "https://\($code).console.aws.amazon.com/cloudwatch/home?region=\($code)#alarmsV2:alarm/\($name | @uri)"} else {} end),
        occurred_at: $at,
        delivery_id: $delivery
      }
    end;
def alarm($delivery):
  object
  | if .AlarmName | type == "string" then
      (.Trigger | object) as $trigger | ([$trigger.Metrics[]? | objects | .MetricStat | objects | .Metric | objects][0]
        // $trigger) as $metric
      | event(.AlarmName; one(.AlarmArn); one(.AWSAccountId); one(.Region); one(.NewStateValue); [.AlarmDescription,
        .NewStateReason]; $metric; ($metric.Dimensions | dimensions); one(.StateChangeTime); $delivery)
  elif ."detail-type" | IN("CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change") then
    (.detail | object) as $detail | ($detail.state | object) as $state | ($detail.configuration | object) as $set
    | one($detail.alarmName) as $name | one(.resources[]?) as $arn | one($delivery, .id) as $id
    | ([$set.metrics[]? | objects | .metricStat | objects | .metric | objects][0] // {}) as $metric
    | if $name == null then {refused: "detail.alarmName is missing in this event of EventBridge"}
      elif ."detail-type" | endswith("State Change") then
        event($name; $arn; one(.account); one(.region); one($state.value); [$set.description,
          $state.reason]; $metric; ($metric.dimensions | dimensions); one($state.timestamp, .time); $id)
      elif $detail.operation == "delete" then
        {status: "resolve", key: ($arn
          // "\(one(.account) // ""):\(one(.region) // ""):\($name)"), title: $name,
          message: "The alarm was deleted at CloudWatch.", occurred_at: one(.time), delivery_id: $id}
      else {ignored: "the configuration of the alarm \($name) changed", delivery_id: $id} end
  else {refused: "this is neither an alarm of CloudWatch nor an event CloudWatch Alarm State Change of EventBridge; give other messages a topic and a source of their own"} end;
object
| if .Type == "SubscriptionConfirmation" then
    one(.SubscribeURL) as $url
    | if $url then {ignored: "Amazon SNS asks to confirm the subscription to \(.TopicArn): open the SubscribeURL once: \($url)", confirm: $url, delivery_id: .MessageId}
      else {refused: "SubscribeURL is missing in this confirmation of Amazon SNS"} end
  elif .Type == "UnsubscribeConfirmation" then
    {refused: "the subscription to \(.TopicArn) was removed at Amazon SNS, and no alarm comes any more; to have it back, open the SubscribeURL: \(.SubscribeURL)"}
  elif .Type == "Notification" then
    .MessageId as $delivery | .Message | if type == "string" then (fromjson? // null) else . end | alarm($delivery)
  else alarm(null) end
