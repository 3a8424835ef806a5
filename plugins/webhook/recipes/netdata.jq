# Netdata: Cloud webhooks, and the agent.
{refused: "the recipe netdata is not written yet"}
