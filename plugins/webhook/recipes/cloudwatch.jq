# CloudWatch alarms through Amazon SNS: a subscription of protocol HTTPS to the topic that the alarm notifies.
# SNS sends text/plain. A new subscription has to be confirmed: the first request is ignored with the address
# that has to be opened once. With "raw message delivery" the alarm comes without SNS's envelope.
def alarm($envelope):
  if (.AlarmName == null) or (.NewStateValue == null) then {ignored: "a message of SNS that is no alarm of CloudWatch: \($envelope.Subject // "without a subject")"}
  else
    .NewStateValue as $state
    | {
        status: (if $state == "OK" then "ok" else "alarm" end),
        key: (.AlarmArn // "\(.AWSAccountId // ""):\(.Region // ""):\(.AlarmName)"),
        title: .AlarmName,
        message: ([.AlarmDescription, .NewStateReason] | map(select(. != null and . != "")) | join("\n\n")),
        severity: (if $state == "INSUFFICIENT_DATA" then "low" else null end),
        labels: (
          {state: $state, account: .AWSAccountId, region: .Region, metric: .Trigger.MetricName, namespace: .Trigger.Namespace}
          + ([.Trigger.Dimensions[]? | {(.name // .Name // "dimension"): (.value // .Value)}] | add // {})
        ),
        occurred_at: .StateChangeTime,
        delivery_id: $envelope.MessageId
      }
  end;
if .Type == "SubscriptionConfirmation" then
  {ignored: "Amazon SNS asks to confirm the subscription: open \(.SubscribeURL) once in a browser", delivery_id: .MessageId}
elif .Type == "UnsubscribeConfirmation" then
  {ignored: "the subscription at Amazon SNS was removed; to have it back, open \(.SubscribeURL)", delivery_id: .MessageId}
elif .Type == "Notification" then
  . as $envelope
  | (.Message | if type == "string" then (try fromjson catch null) else . end)
  | if type == "object" then alarm($envelope)
    else {ignored: "a message of SNS that is no alarm of CloudWatch: \($envelope.Subject // "without a subject")", delivery_id: $envelope.MessageId} end
else alarm({}) end
