# GitHub: Settings > Webhooks of a repository or organisation, content type application/json, events "Workflow
# runs" and "Issues". A failed run of a workflow on a branch opens an incident, the next good one resolves it.
# Give the secret to the source as the signature x-hub-signature-256.
($request.headers["x-github-event"] // "") as $event
| ($request.headers["x-github-delivery"] // null) as $delivery
| .repository.full_name as $repository
| if $event == "ping" or .zen != null then {ignored: "a ping of GitHub"}
  elif .workflow_run != null then
    .workflow_run as $run
    | if .action != "completed" then {ignored: "the run \(.action // "has begun")", delivery_id: $delivery}
      elif ($run.conclusion | IN("failure", "timed_out", "startup_failure", "success") | not) then
        {ignored: "the run ended as \($run.conclusion // "nothing")", delivery_id: $delivery}
      else
        {
          status: (if $run.conclusion == "success" then "resolve" else "trigger" end),
          key: "workflow:\($repository):\($run.workflow_id // $run.name):\($run.head_branch)",
          title: "\($run.name) on \($run.head_branch) of \($repository): \($run.conclusion)",
          message: ([$run.display_title // $run.head_commit.message, "Run \($run.run_number), attempt \($run.run_attempt // 1)"] | map(values) | join("\n")),
          labels: {repository: $repository, branch: $run.head_branch, workflow: $run.name, conclusion: $run.conclusion, event: $run.event, commit: $run.head_sha},
          links: {"Run": $run.html_url},
          actor: (.sender.login // $run.actor.login),
          occurred_at: $run.updated_at,
          delivery_id: $delivery
        }
      end
  elif .issue != null and .comment == null then
    .issue as $issue
    | if (.action | IN("opened", "reopened", "edited", "labeled", "unlabeled", "assigned", "unassigned", "closed", "deleted", "transferred") | not) then
        {ignored: "the issue was \(.action)", delivery_id: $delivery}
      else
        {
          status: (if $issue.state == "closed" or (.action | IN("deleted", "transferred")) then "resolve" else "trigger" end),
          key: "issue:\($repository):\($issue.number)",
          title: "\($repository)#\($issue.number): \($issue.title)",
          message: $issue.body,
          labels: {
            repository: $repository, labels: ([$issue.labels[]?.name] | join(", ")),
            assignees: ([$issue.assignees[]?.login] | join(", ")), state: $issue.state
          },
          links: {"Issue": $issue.html_url},
          actor: .sender.login,
          occurred_at: $issue.updated_at,
          delivery_id: $delivery
        }
      end
  else {ignored: "the event \($event) is neither a workflow run nor an issue", delivery_id: $delivery} end
