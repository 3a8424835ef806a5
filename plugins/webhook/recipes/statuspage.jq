# Statuspage by Atlassian: webhook subscriptions.
{refused: "the recipe statuspage is not written yet"}
