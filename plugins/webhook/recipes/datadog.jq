# Datadog: the webhooks integration.
{refused: "the recipe datadog is not written yet"}
