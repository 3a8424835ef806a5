# iTop: an action "Call webhook" (Combodo webhook integration) with this payload, for triggers on creation and on
# states; the same payload does for both:
#   {"class": "$this->finalclass$", "id": "$this->id$", "ref": "$this->ref$", "title": "$this->title$",
#    "status": "$this->status$", "priority": "$this->priority$", "org": "$this->org_id->friendlyname$",
#    "description": "$this->description$", "solution": "$this->solution$", "agent": "$this->agent_id->friendlyname$",
#    "url": "$this->url()$"}
# Every value arrives as a string, texts are HTML, and a placeholder that iTop does not know arrives as it is:
# such a value says nothing. Without a status the member "event" counts (create, update, resolve, close, delete).
def said: if type == "string" then (plain_text | select((. == "" or . == "undefined" or (startswith("$") and endswith("$") and contains("->"))) | not)) else (numbers | tostring) end;
def value($name): first(.[$name] | said) // null;
if type != "object" then {ignored: "the body is no JSON object; see the payload in the recipe"}
else
  value("class") as $class | (value("ref") // null) as $ref | (value("id") // null) as $id
  | (value("status") // null | if . then ascii_downcase else . end) as $status
  | (value("event") // "" | ascii_downcase) as $event
  | if ($id // $ref // value("title")) == null then {ignored: "there is neither id, ref nor title in this request of iTop"}
    else
      {
        status: (
          if ($status | IN("resolved", "closed", "rejected", "inactive", "obsolete")) then "resolve"
          elif ($event | startswith("resolve") or startswith("close") or startswith("delete")) then "resolve"
          else "trigger" end),
        key: (if $id then "\($class // "Ticket")::\($id)" else ($ref // value("title")) end),
        aliases: [$ref | values],
        title: ([$ref, (value("title"))] | map(values) | join(": ") | if . == "" then "\($class // "Ticket") \($id)" else . end),
        message: (if ($status | IN("resolved", "closed")) then (value("solution") // value("description")) else value("description") end),
        severity: ({"1": "critical", "2": "high", "3": "medium", "4": "low"}[value("priority") // ""] // null),
        labels: (
          {ref: $ref, class: $class, status: $status}
          + (with_entries(select(.key | IN("id", "ref", "class", "title", "status", "event", "description", "solution", "url", "severity") | not)) | map_values(first(said) // null))
        ),
        links: {($ref // "iTop"): value("url")},
        actor: value("agent")
      }
    end
end
