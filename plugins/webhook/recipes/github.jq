# GitHub: Settings > Webhooks of a repository or an organisation, events "Workflow runs" and "Issues". Written from
# https://docs.github.com/en/webhooks/webhook-events-and-payloads and
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows. A failed run on a
# branch opens an incident, the next good run resolves it. Runs and issues that an outsider can make are ignored.
def object: if type == "object" then . else {} end;
def means_nothing: IN("push", "create", "delete", "fork", "star", "watch", "public", "gollum", "member", "membership",
    "meta", "label", "milestone", "release", "page_build", "repository", "organization", "team", "team_add", "status",
    "package", "registry_package", "workflow_job", "workflow_dispatch", "repository_dispatch", "check_run", "check_suite",
    "deployment", "deployment_status", "issue_comment", "commit_comment", "sub_issues", "issue_dependencies")
  or test("^(pull_request|discussion|project|installation|branch_protection|deployment_|merge_group)");
($request.headers["x-github-event"] // "" | ascii_downcase) as $event
| ($request.headers["x-github-delivery"] // null) as $delivery
| object
| (.repository | object) as $repo | ([$repo.full_name | strings][0] // null) as $repository
| (.sender | object | .login // null) as $sender
| if $event == "ping" or (.zen != null and .hook_id != null) then {ignored: "a ping of GitHub"}
  elif (.workflow_run | object) != {} and ($event | IN("", "workflow_run")) then
    .workflow_run as $run | ([$run.head_repository | object | .full_name | values | tostring][0] // null) as $head
      | "\($run.event // "")" as $cause
    | if $repository == null then {refused: "repository.full_name is missing in this workflow run of GitHub"}
      elif .action | IN("requested", "in_progress") then
        {ignored: "the run has not ended: \(.action)", delivery_id: $delivery}
      elif .action != "completed" then
        {refused: "the workflow run has the action \(.action), which this recipe does not know"}
      elif $head != null and ($head | ascii_downcase) != ($repository | ascii_downcase) then
        {ignored: "the run is of the fork \($head): a stranger can name its branch", delivery_id: $delivery}
      elif $head == null and ($cause | startswith("pull_request")) then
        {ignored: "the run of a pull request names no head_repository, so that it may be of a fork", delivery_id: $delivery}
      elif $cause | IN("pull_request_target", "pull_request_review", "pull_request_review_comment", "pull_request_comment",
          "issues", "issue_comment", "discussion", "discussion_comment", "fork", "watch", "gollum") then
        {ignored: "a stranger can cause the run: its event is \($cause)", delivery_id: $delivery}
      elif $run.conclusion | IN("cancelled", "skipped", "neutral", "stale", "action_required") then
        {ignored: "the run ended as \($run.conclusion)", delivery_id: $delivery}
      elif $run.conclusion | IN("failure", "timed_out", "startup_failure", "success") | not then
        {refused: "the run has the conclusion \($run.conclusion), which this recipe does not know"}
      elif ($run.workflow_id // $run.name) == null then {refused: "the workflow run has neither a workflow_id nor a name"}
      else
        ($run.head_branch // "an unknown branch") as $branch
        | {"failure": "failed", "timed_out": "timed out", "startup_failure": "could not start", "success": "succeeded"} as $ends
        | {
            status: (if $run.conclusion == "success" then "resolve" else "trigger" end),
            key: "workflow:\($repository):\($run.workflow_id // $run.name):\($run.head_branch)",
            title: "\($run.name // "Workflow \($run.workflow_id)") \($ends[$run.conclusion]) on \($branch) of \($repository)",
            message: ([$run.display_title // ($run.head_commit | object | .message), 
              ($run.run_number | values | "Run \(.), attempt \($run.run_attempt // 1)")] | map(values | tostring) | join("\n")),
            labels: {repository: $repository, branch: $run.head_branch, workflow: $run.name, conclusion: $run.conclusion,
              event: $run.event, commit: $run.head_sha},
            links: {"Run": $run.html_url},
            actor: ($sender // ($run.actor | object | .login)),
            occurred_at: $run.updated_at,
            delivery_id: $delivery
          }
      end
  elif (.issue | object) != {} and ($event | IN("", "issues")) and .comment == null then
    .issue as $issue | .action as $action | "\($issue.author_association // "")" as $author
    | if $repository == null or ($issue.number | IN(numbers, strings) | not) then
      {refused: "repository.full_name or issue.number is missing in this issue of GitHub"}
      elif $repo.private != true and ($author | IN("", "OWNER", "MEMBER", "COLLABORATOR") | not) and 
          ($issue.user | object | .type) != "Bot" then
        {ignored: "the issue is by an outsider (\($author)) in a public repository", delivery_id: $delivery}
      elif $action | IN("labeled", "unlabeled", "milestoned", "demilestoned", "locked", "unlocked", "pinned", "unpinned",
        "typed", "untyped", "unassigned") then
        {ignored: "the issue was \($action)", delivery_id: $delivery}
      elif $action | IN("opened", "reopened", "edited", "assigned", "closed", "deleted", "transferred") | not then
        {refused: "the issue has the action \($action), which this recipe does not know"}
      else
        {
          status: ({"opened": "trigger", "reopened": "trigger", "edited": "note", "assigned": "acknowledge"}[$action]
            // "resolve"),
          key: "issue:\($repository):\($issue.number)",
          title: "\($repository)#\($issue.number): \($issue.title // "no title")",
          message: (if $action == "edited" then "The issue was edited. Title: \($issue.title // "none")" else $issue.body end),
          labels: {
            repository: $repository, labels: ([$issue.labels[]? | .name? | strings] | join(", ")),
            assignees: ([$issue.assignees[]? | .login? | strings] | join(", ")), state: $issue.state
          },
          links: {"Issue": $issue.html_url},
          actor: $sender,
          occurred_at: $issue.updated_at,
          delivery_id: $delivery
        }
      end
  elif $event | means_nothing then
    {ignored: "the event \($event) is neither a workflow run nor an issue", delivery_id: $delivery}
  elif $event != "" then {refused: "the event \($event) of GitHub is not read: untick it at the webhook, or write a program for it"}
  else {refused: "there is neither x-github-event nor a workflow run or an issue: choose the events Workflow runs and Issues"} end
