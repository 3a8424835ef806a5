# Splunk: the webhook alert action, Observability Cloud and On-Call.
{refused: "the recipe splunk is not written yet"}
