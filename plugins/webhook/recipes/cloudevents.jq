# CloudEvents: structured, binary and batched.
{refused: "the recipe cloudevents is not written yet"}
