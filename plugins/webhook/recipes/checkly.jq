# Checkly: webhook alert channels.
{refused: "the recipe checkly is not written yet"}
