# iTop: an action "Webhook call (generic)" of Combodo's webhook integration with the payloads of this recipe's page.
# Written from https://www.itophub.io/wiki/page?id=extensions:combodo-webhook-integration and
# https://www.itophub.io/wiki/page?id=latest:admin:placeholders, and from requests of iTop 3.2. Every value arrives as a
# text; titles are plain, descriptions and logs are HTML; a placeholder that iTop does not know arrives as it is.
def said: if type == "string" then trim | select(. == "" or . == "undefined" or test("^\\$[^$\\s]+\\$$")
  | not) elif type == "number" then tostring else empty end;
def value($names): first(.[$names[]] | said) // null;
def html: if type == "string" then plain_text else . end;
# The mark that Tocsin writes into whatever it makes; a log entry may quote it, so logs are left out.
def marked: [to_entries[] | select(.key | test("log$") | not) | .value | said | html]
  | any(test("(^|[^0-9A-Za-z])Tocsin\\s+(incident|delivery)\\s+[0-9A-Z]{26}($|[^0-9A-Z])"));
# An entry that Tocsin wrote ends with its mark.
def own_entry: test("Tocsin\\s+(incident|delivery)\\s+[0-9A-Z]{26}\\s*$");
def unlabelled: IN("id", "key", "ref", "class", "finalclass", "title", "status", "event", "description", "solution", "url",
  "severity", "actor", "user", "log",
  "public_log", "private_log", "last_update", "time", "zone", "start_date", "resolution_date",
    "close_date") or test("token|secret|password"; "i");
if type != "object" then {refused: "the body is no JSON object of iTop; paste the payload of the recipe's page"}
else
  value(["class", "finalclass"]) as $class | value(["ref"]) as $ref | value(["id", "key"]) as $id
    | value(["title"]) as $title
  | (value(["status"]) // "" | ascii_downcase) as $code
  | (value(["event"]) // "" | ascii_downcase) as $event
  | ([.log, .public_log, .private_log | said | html | select(. != "")] | unique | join("\n")) as $log
  | (value(["description"]) | html) as $description
  | (value(["time", "last_update"])
    // (if $event == "create" or $code == "new" then value(["start_date"]) elif $code == "closed" then value(["close_date"])
      elif $code == "resolved" then value(["resolution_date"]) else null end)) as $time
  | value(["zone"]) as $zone
  | (
      if $event | test("^(delete|deleted)$") then "resolve"
      elif $event | test("log|note|comment|mention") then "note"
      elif $code | IN("resolved", "closed", "rejected", "inactive", "obsolete", "implemented") then "resolve"
      elif $code == "assigned" then "investigating"
      elif $code | IN("new", "pending", "escalated_tto", "escalated_ttr", "dispatched", "redispatched", "qualified",
        "waiting_for_approval", "approved", "active", "ongoing") then "trigger"
      elif $code != "" then $code
      elif $event | test("^(resolv|clos|delet)") then "resolve"
      elif $log != "" then "note"
      else "trigger" end
    ) as $status
  | (if $id then "\($class // "Ticket")::\($id)" else ($ref // $title) end) as $key
  | if $key == null then {refused: "there is neither id, ref nor title in this request of iTop; paste the payload of the recipe's page"}
    elif marked and $status != "note" then {ignored: "Tocsin itself made the ticket \($ref // $key)"}
    elif $status == "note" and ($log | own_entry) then {ignored: "Tocsin itself wrote this log entry of \($ref // $key)"}
    elif $status == "note" and $log == "" then {ignored: "the log entry of iTop is empty"}
    else
      {
        status: $status,
        key: $key,
        aliases: [$ref | values],
        title: ([$ref, $title] | map(values) | join(": ") | if . == "" then "\($class // "Ticket") \($id)" else . end),
        message: (if $status == "note" then $log elif $status == "resolve" then (value(["solution"]) | html) // $description
          else $description end),
        severity: (value(["severity", "priority"]) // "" | {"1": "critical", "2": "high", "3": "medium", "4": "low",
          "critical": "critical", "high": "high", "medium": "medium", "low": "low"}[ascii_downcase] // null),
        labels: ({ref: $ref, class: $class, status: value(["status"])} + (with_entries(select(.key | unlabelled | not))
          | map_values(first(said) // null))),
        links: {($ref // "iTop"): value(["url"])},
        actor: value(["actor", "user"]),
        occurred_at: (if $time and $zone and ($zone | test("^([+-][0-9]{2}:?[0-9]{2}|Z)$")) then $time + $zone
          else $time end)
      }
      | if $status != "note" and $log != "" and ($log | own_entry | not) then ., {status: "note", key, title, message: $log, aliases, actor, occurred_at}
        else . end
    end
end
