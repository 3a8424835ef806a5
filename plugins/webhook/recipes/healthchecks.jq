# Healthchecks.io, also self-hosted: Integrations > Webhooks, with the request body of healthchecks.md for both
# "down" and "up". A body that is $JSON alone, {"check": $JSON, …} and a GET with the placeholders in the query work too.
# From https://healthchecks.io/integrations/webhook/ and healthchecks/healthchecks, hc/integrations/webhook.
# Nothing but the named members is shown: $JSON also holds ping_url, which lets its reader ping the check.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or test("^\\$[A-Z_0-9]+$")) | not)) // null;
def lines: map(values) | join("\n");
obj as $r | ($r.check | obj) as $c
| said($r.code, $c.uuid, $c.unique_key, $r.uuid, $r.unique_key) as $code | said($r.slug, $c.slug) as $slug
| said($r.name, $c.name) as $name | ($name // $slug // $code) as $shown
| (said($r.status, $c.status) // "" | ascii_downcase) as $status
| said($r.exitstatus) as $exit
| if $shown == null or $status == "" then
    {refused: "the request has no code, name or status; copy the request body of recipes/healthchecks.md into the webhook, for down and for up"}
  elif $name == "TEST" then {ignored: "a test notification of Healthchecks"}
  elif $status | IN("up", "down") | not then {refused: "the status `\($status)` is neither up nor down"}
  else
    {
      status: (if $status == "up" then "resolve" else "trigger" end),
      key: "check:\($code // $slug // $name)",
      title: "\($shown) is \($status)",
      message: ([
        said($r.desc, $c.desc),
        (if $exit == null or ($exit | IN("-1", "0")) then null else "The last ping reported exit status \($exit)." end),
        (said($r.body) | values | "Body of the last ping:\n\(.)")
      ] | lines),
      labels: {check: $name, slug: $slug, tags: said($r.tags, $c.tags), project: said($r.project), exit_status: (if $exit == "-1" then null else $exit end)},
      links: {"Healthchecks": (said($r.url) // (said($c.update_url, $r.update_url) | values | sub("/api/v[0-9]+/checks/(?<id>[^/]+)$"; "/checks/\(.id)/details/")) // null)},
      occurred_at: said($r.now)
    }
  end
