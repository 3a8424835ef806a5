# Dynatrace: custom integration problem notifications.
{refused: "the recipe dynatrace is not written yet"}
