# Sentry: internal integrations and the legacy webhook plugin.
{refused: "the recipe sentry is not written yet"}
