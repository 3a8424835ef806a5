# Opsgenie and Jira Service Management: outgoing webhook integrations.
# Written from https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/ and
# https://support.atlassian.com/jira-service-management-cloud/docs/alert-action-data-for-jira-edge-connector/
def text: if type == "string" then trim | select(. != "") elif type == "number" then tostring else empty end;
def pick(f): first(f | text) // null;
def object(f): first(f | objects) // {};
# Opsgenie writes updatedAt in nanoseconds and createdAt in milliseconds.
def time: if . == null then null elif test("^[0-9]{19}$") then .[:13] else . end;
object(.alert?) as $alert
| pick($alert.alertId, $alert.id) as $id
| pick(.action?) as $action
| (($action // "") | ascii_downcase) as $what
# The name of any other action is that of a custom action, which the operator chose.
| ({create: "trigger", acknowledge: "acknowledge", takeownership: "acknowledge", unacknowledge: "trigger", close: "resolve", delete: "resolve",
    updatepriority: "trigger", updatemessage: "trigger", updatedescription: "trigger"}[$what] // "note") as $status
| if $id == null and pick($alert.alias) == null then
    {refused: "alert.alertId is missing: an outgoing webhook of Opsgenie or Jira Service Management has it; leave its payload as it is"}
  elif $action == null then {refused: "the action is missing: an outgoing webhook of Opsgenie or Jira Service Management has it"}
  else
    {
      status: $status,
      key: (if $id then "alert:\($id)" else "alias:\(pick($alert.alias))" end),
      title: pick($alert.message),
      message: ([
          (if $what == "create" then null elif $what == "addnote" then null else "Opsgenie: \($action)" end),
          pick($alert.note),
          (if $what | startswith("escalate") then pick(object(.escalationNotify?).name, .escalationName?) elif $what == "assignownership" then pick($alert.owner) else null end),
          (if $what == "updatepriority" then "Priority \(pick($alert.oldPriority, .oldPriority?) // "unknown") is now \(pick($alert.priority) // "unknown")" else null end),
          (if $what == "addtags" then pick($alert.addedTags) elif $what == "removetags" then pick($alert.removedTags) else null end),
          pick($alert.description)
        ] | map(values) | join("\n")),
      severity: {p1: "critical", p2: "high", p3: "medium", p4: "low", p5: "info"}[(pick($alert.priority) // "") | ascii_downcase],
      labels: ((object($alert.details?) | to_entries | .[:16] | from_entries) + ({
          entity: pick($alert.entity), source: pick($alert.source), alias: (pick($alert.alias) | select(. != $id) // null), number: pick($alert.tinyId),
          tags: ([$alert.tags? | arrays[] | text] | join(", ")), priority: pick($alert.priority), owner: pick($alert.owner)
        } | with_entries(select(.value != null)))),
      links: {"Opsgenie": (if $id then "https://app.opsgenie.com/alert/detail/\($id | @uri)/details" else null end)},
      actor: (if $what == "create" then null else pick($alert.username, object(.source?).name) end),
      occurred_at: (pick($alert.updatedAt, (if $what == "create" then $alert.createdAt else null end)) | time)
    }
  end
