# Opsgenie and Jira Service Management: outgoing webhooks.
{refused: "the recipe opsgenie is not written yet"}
