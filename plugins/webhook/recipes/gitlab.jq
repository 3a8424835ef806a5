# GitLab: Settings > Webhooks of a project or group. Reads pipeline, deployment, work item (issues, incidents),
# vulnerability and access token events, and the alerts of GitLab's alert management; see gitlab.md.
# It never reads the pipeline of a merge request: its author, on a fork too, chooses the branch name.
# From https://docs.gitlab.com/user/project/integrations/webhook_events/ and GitLab's lib/gitlab/data_builder.
def obj: if type == "object" then . else {} end;
def text: if type == "string" and . != "" then . elif type == "number" then tostring else null end;
def word: text // "" | ascii_downcase;
def lines: map(select(. != null and . != "")) | join("\n");
def names: [.[]? | obj | .title // .name // .username | text | values] | join(", ");
obj as $r | ($r.object_attributes | obj) as $a | ($r.project | obj) as $p
| ($p.path_with_namespace // $r.project_name // $p.name // $p.id | text) as $project
| ($r.user | obj | .username // .name | text) as $user
| ($r.object_kind // $r.event_name | word) as $kind
| if $kind == "pipeline" then
    ($a.ref | text) as $ref | ($a.status | word) as $status | ($a.source | word) as $source
    | if $project == null or $ref == null or $status == "" then {refused: "a pipeline event without project, ref or status"}
      elif $r.merge_request != null or ($source | IN("merge_request_event", "external_pull_request_event")) then
        {ignored: "the pipeline of a merge request; only pipelines of branches and tags are read"}
      elif $a.protected_ref == null and ($p.default_branch | text) == null then
        {refused: "a pipeline event that tells neither project.default_branch nor object_attributes.protected_ref"}
      elif $a.protected_ref != true and ($a.tag == true or $ref != $p.default_branch) then {ignored: "\($ref) is neither the default branch nor protected"}
      elif $status | IN("created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending", "running", "canceling", "canceled", "skipped", "manual", "scheduled") then {ignored: "the pipeline is \($status)"}
      elif $status | IN("failed", "success") | not then {refused: "the pipeline status `\($status)` is not known"}
      elif $source == "parent_pipeline" and $status == "success" then {ignored: "a child pipeline passed; the parent pipeline reports the result"}
      else {
        status: (if $status == "failed" then "trigger" else "resolve" end),
        key: ("pipeline:\($project):" + (if $a.tag == true then "tag:" else "" end) + $ref
          + (if $source | IN("", "push", "web", "webide", "api", "trigger", "chat", "pipeline", "parent_pipeline") then "" else ":\($source)" end)),
        title: ((if $source == "schedule" then "Scheduled pipeline " else "Pipeline " end) + (if $status == "failed" then "failed" else "passed" end) + " on \($ref) of \($project)"),
        message: ([
          ([$r.builds | arrays | .[] | obj | select(.status == "failed" and .allow_failure != true) | "\(.name)" + (.failure_reason | text | if . then " (\(.))" else "" end)] | if . == [] then null else "Failed jobs: " + join(", ") end),
          ($r.commit | obj | .message // .title | text)] | lines),
        labels: {project: $project, (if $a.tag == true then "tag" else "branch" end): $ref, pipeline: $a.name, source: $a.source, commit: $a.sha},
        links: {"Pipeline": ($a.url // "\($p.web_url)/-/pipelines/\($a.id)")},
        actor: $user, occurred_at: $a.finished_at
      } end
  elif $kind == "deployment" then
    ($r.environment | text) as $env | ($r.status | word) as $status | ($r.environment_tier | word) as $tier
    | if $project == null or $env == null then {refused: "a deployment event without project or environment"}
      elif $status | IN("created", "running", "canceled", "skipped", "blocked") then {ignored: "the deployment is \($status)"}
      elif $status | IN("failed", "success") | not then {refused: "the deployment status `\($status)` is not known"}
      else {
        status: (if $status == "failed" then "trigger" else "resolve" end),
        key: "deployment:\($project):\($env)", title: "Deployment of \($project) to \($env) \(if $status == "failed" then "failed" else "succeeded" end)", message: $r.commit_title,
        severity: (if $tier == "" then null else {"production": "high", "staging": "medium"}[$tier] // "low" end),
        labels: {project: $project, environment: $env, tier: $r.environment_tier, ref: $r.ref, commit: $r.short_sha},
        links: {"Job": $r.deployable_url, "Environment": $r.environment_external_url, "Commit": $r.commit_url},
        actor: $user, occurred_at: $r.status_changed_at
      } end
  elif $kind | IN("issue", "work_item") then
    ($a.type | text // "Issue") as $type | ($a.iid | text) as $iid | ($a.state // $a.action | word) as $state | ($a.escalation_status | word) as $on_call
    | if $type | ascii_downcase | IN("epic", "task", "test case", "requirement", "objective", "key result") then {ignored: "a work item of the type \($type)"}
      elif $project == null or $iid == null then {refused: "an issue event without project.path_with_namespace or object_attributes.iid"}
      elif $user == "support-bot" then {ignored: "Service Desk made the issue from an e-mail, which anyone can send; it opens when a member changes it"}
      elif ($type | ascii_downcase) == "issue" and (.project.visibility_level? | tostring) == "20" then {ignored: "the project is public, where any account can write an issue; use work items of type Incident"}
      else {
        status: (if ($state | IN("closed", "close")) or ($on_call | IN("resolved", "ignored")) then "resolve" elif $on_call == "acknowledged" then "investigating" else "trigger" end),
        key: "issue:\($project)#\($iid)", title: "\($project)#\($iid): \($a.title | text // "no title")", message: $a.description,
        severity: ({"critical": "critical", "high": "high", "medium": "medium", "low": "low"}[$a.severity | word]),
        labels: {project: $project, type: $type, labels: ($r.labels // $a.labels | names), assignees: ($r.assignees | names), escalation: $a.escalation_status},
        links: {($type): $a.url}, actor: $user, occurred_at: $a.updated_at
      } end
  elif $kind | IN("alert", "vulnerability") then
    ($a.status // $a.state | word) as $state
    | if ($a.url | text) == null then {refused: "an event of the kind \($kind) without object_attributes.url, which identifies it"}
      else {
        status: ({"triggered": "trigger", "acknowledged": "investigating", "resolved": "resolve", "ignored": "resolve", "detected": "trigger", "confirmed": "trigger", "dismissed": "resolve"}[$state] // $state),
        key: "\($kind):\($a.url)", title: $a.title, severity: ({"critical": "critical", "high": "high", "medium": "medium", "low": "low", "info": "info"}[$a.severity | word]),
        labels: {kind: $kind, state: $state, report: $a.report_type, events: $a.events}, links: {($kind): $a.url}, occurred_at: $a.updated_at
      } end
  elif $kind == "access_token" and ($a.id | text) != null then
    ($project // ($r.group | obj | .full_path // .group_path) | text // "GitLab") as $of
    | {key: "access_token:\($of):\($a.id)", title: "The access token \($a.name) of \($of) expires on \($a.expires_at)", severity: "low", labels: {of: $of, token_name: $a.name, expires: $a.expires_at}}
  elif $kind | IN("push", "tag_push", "note", "merge_request", "wiki_page", "build", "feature_flag", "release", "milestone", "emoji", "project_create", "project_destroy", "subgroup_create", "subgroup_destroy") or startswith("user_") then
    {ignored: "events of the kind \($kind) are not read; tick Pipeline, Deployment and Work item events in GitLab's webhook"}
  else {refused: "object_kind is `\($kind)`; known are pipeline, deployment, issue, work_item, alert, vulnerability and access_token"} end
