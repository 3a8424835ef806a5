# Better Stack, once Better Uptime: outgoing webhooks.
{refused: "the recipe betterstack is not written yet"}
