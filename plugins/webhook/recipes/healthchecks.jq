# Healthchecks.io: webhook integrations.
{refused: "the recipe healthchecks is not written yet"}
