# Azure Monitor: the common alert schema, and Event Grid.
{refused: "the recipe azure is not written yet"}
