# CloudEvents 1.0 over HTTP: structured (application/cloudevents+json), batched and binary (headers ce-…); also Azure
# Event Grid's own schema, with its handshake in the body. Tocsin itself answers the handshake by OPTIONS.
# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
# https://learn.microsoft.com/azure/event-grid/webhook-event-delivery, https://tekton.dev/docs/pipelines/events/
# Status: the end of `type` (…resolved) or data.status. Key: an alert's id in data, else source, subject and type.
def text: if type == "number" or type == "boolean" then tostring elif type == "string" and . != "" then . else null end;
def one_of(f): first(f | text | values) // null;
def is($list): " \(.) " as $word | $list | contains($word);
def meaning: (text // "") | ascii_downcase
  | if . == "" then null elif is(" failed failure fail failing error errored firing fired triggered trigger alerting open opened reopened created raised detected reported active activated critical warning unhealthy down offline degraded timeout timedout updated changed ") then "trigger"
    elif is(" resolved resolve recovered recovery cleared clear closed close ok succeeded successful success completed complete finished fixed healthy normal up online passed inactive deactivated ended done ") then "resolve"
    elif is(" acknowledged acknowledge acked ack ") then "acknowledge"
    elif is(" investigating identified monitoring mitigating in progress in_progress in-progress inprogress assigned ") then "investigating"
    elif is(" commented comment noted note annotated ") then "note" else null end;
# Verbs whose meaning the plugin knows; they are no part of the key either.
def further: ascii_downcase | is(" deleted removed canceled cancelled archived escalated retriggered unresolved ");

def event($is_single):
  one_of(.type?) as $full | one_of(.source?) as $source | one_of(.subject?) as $subject
  | if $full == null then {refused: "`type` is missing; every CloudEvent has one (binary: the header ce-type)"}
    elif $source == null then {refused: "`source` is missing; every CloudEvent has one (binary: the header ce-source)"}
    else
      (.data? | if type == "string" then . as $text | try fromjson catch $text else . end) as $data
      | ($data | objects // {}) as $members
      | ($members + ([$members.subject.content? | objects] | add // {})) as $d
      | ($full | sub("([.]v?[0-9]+((alpha|beta)[0-9]*)?)+(-draft)?$"; "")) as $type
      | ([$type | scan("[A-Z]*[a-z0-9]+|[A-Z]+")] | last // "") as $verb
      | (if $verb | meaning or further then $type[:($type | length) - ($verb | length)] | sub("[._/:-]+((re|un|is)[._/:-]*)?$"; "") else $type end) as $stem
      | (($stem / "." | last // "") / "/" | last) as $what
      | ([$d | .pipelineRun?, .taskRun?, .customRun? | objects] | first) as $run
      | [$d | one_of(.status?, .status.state?, .status.phase?), one_of(.state?, .alert_status?), one_of(.phase?), one_of(.outcome?) | values] as $words
      | (first($words[] | meaning | values) // null) as $said
      # Words that say what happened to a record, not how the problem is: the data counts before them.
      | ($verb | ascii_downcase | is(" created updated changed reported finished completed complete ended open active up down warning critical ")) as $is_weak
      | (if $is_weak then $said // ($verb | meaning) else ($verb | meaning) // $said end) as $status
      | if $status == null and ($verb | ascii_downcase | is(" started running queued pending scheduled unknown canceled cancelled skipped "))
          and ($type | test("(run|workflow|pipeline|trigger|build|job|task|deployment)[^.]*[.][^.]*$"; "i")) then
          {ignored: "the run is \($verb): \($type)"}
        else
          ([$run.metadata? | objects] | first // {}) as $about
          | one_of(
              ([$about.labels["tekton.dev/pipeline"]?, $about.labels["tekton.dev/pipelineTask"]? | text | values] | if . == [] then null else join("/") end),
              $run.spec?.pipelineRef?.name?, $run.spec?.taskRef?.name?, $about.generateName?, $about.name?) as $pipeline
          | ([one_of($about.namespace?), $pipeline] | map(values) | join("/")) as $run_name
          | one_of($d | .dedup_key?, .fingerprint?, .alert_id?, .alertId?, .incident_id?, .incidentId?, .problem_id?, .pipelineName?, .taskName?) as $own
          | {
              status: ($status // $words[0] // $verb),
              key: (if $pipeline then "run:\($run_name)"
                elif $own then "\($source):\($own)" else [$source, $subject, $stem] | map(values) | join(" ") end),
              title: (one_of($d | .title?, .summary?, .headline?)
                // "\($what)\(if $is_weak and $said then " \($words[0])" elif ($verb | meaning) then " \($verb)" else "" end): \(if $pipeline then $run_name else one_of($d.pipelineName?, $d.taskName?, $subject, $source) end)"),
              message: (one_of($d | .message?, .description?, .text?, .detail?, .reason?, (.errors? | strings)) // one_of($run.status?.conditions?[0]?.message?) // ($data | strings // null)),
              severity: (one_of($d | .severity?, .priority?, .level?) // one_of(.severity?, .severitytext?)),
              labels: ({type: $full, source: $source, subject: $subject}
                + ([$members | to_entries[] | select((.value | text) and (.key | ascii_downcase | (is(" title summary headline message description text detail reason severity priority level url link html_url status state ")
                  or (. as $key | any("token", "secret", "passw", "credential", "signature", "authoriz"; . as $part | $key | contains($part)))) | not))][:8] | from_entries)),
              links: {"Event": one_of($d | .url?, .link?, .html_url?)},
              occurred_at: one_of(.time?),
              # Only of a single event: a delivery id counts for the whole request.
              delivery_id: (if $is_single then one_of(.id?) | if . then "\(.) \($source)" else null end else null end)
            }
        end
    end;

def one($is_single):
  if type != "object" then {refused: "an element is no object; a CloudEvent was expected"}
  elif (.eventType? // .type?) == "Microsoft.EventGrid.SubscriptionValidationEvent" then
    one_of(.data.validationCode?) as $code
    | if $code == null then {refused: "Event Grid validates the subscription without `data.validationCode`"}
      else {reply: {status: 200, body: {validationResponse: $code}}, ignored: "Event Grid validates the subscription: Tocsin answered"} end
  elif (.eventType? // .type?) == "Microsoft.EventGrid.SubscriptionDeletedEvent" then {ignored: "the subscription at Event Grid was deleted"}
  elif .eventType? then {id, source: .topic, type: .eventType, subject, time: .eventTime, data} | event($is_single)
  elif .specversion? or (.type? and .source?) then event($is_single)
  else {refused: "there are neither CloudEvents attributes (specversion, type, source) nor headers ce-…"} end;

if $request.headers["ce-type"] or $request.headers["ce-specversion"] then
  . as $data
  | $request.headers
  | with_entries(select(.key | startswith("ce-")) | (.key |= .[3:]) | (.value |= gsub("%20"; " ")))
  | . + {data: $data} | event(true)
elif type == "array" then length as $count | .[] | one($count == 1)
else one(true) end
