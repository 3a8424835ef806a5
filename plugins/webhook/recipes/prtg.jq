# PRTG: Execute HTTP Action notifications.
{refused: "the recipe prtg is not written yet"}
