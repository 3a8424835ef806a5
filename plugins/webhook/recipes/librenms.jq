# LibreNMS: the API transport.
{refused: "the recipe librenms is not written yet"}
