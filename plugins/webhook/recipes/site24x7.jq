# Site24x7: webhook integrations.
{refused: "the recipe site24x7 is not written yet"}
