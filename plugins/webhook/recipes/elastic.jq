# Elastic: Kibana rules with a webhook connector, and Watcher.
{refused: "the recipe elastic is not written yet"}
