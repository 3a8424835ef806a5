# Zabbix: a webhook media type.
{refused: "the recipe zabbix is not written yet"}
