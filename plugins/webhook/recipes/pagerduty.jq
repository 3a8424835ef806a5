# PagerDuty: webhooks of version 3.
{refused: "the recipe pagerduty is not written yet"}
