# GitLab: pipelines, alerts, incidents and issues.
{refused: "the recipe gitlab is not written yet"}
