CREATE TABLE refund_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
CREATE TABLE refund_entries (
	id           INTEGER PRIMARY KEY,
	entry_key    TEXT    NOT NULL UNIQUE,
	provider     TEXT    NOT NULL,
	gateway      TEXT    NOT NULL,
	environment  TEXT    NOT NULL,
	payment_id   TEXT    NOT NULL,
	began_at     INTEGER NOT NULL,
	lease_until  INTEGER NOT NULL,
	status       TEXT    NOT NULL,
	amount_minor INTEGER,
	currency     TEXT,
	version      INTEGER NOT NULL,
	stamp        INTEGER NOT NULL,
	changed_at   INTEGER NOT NULL,
	open_mark    INTEGER,
	details      TEXT    NOT NULL
);
CREATE INDEX refund_entries_payment ON refund_entries (payment_id);
CREATE INDEX refund_entries_status ON refund_entries (status);
INSERT INTO refund_migrations (version, applied_at) VALUES (1, 1767323045678901);
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('open', 'shop', 'tlpe', 'sandbox', 'TRX-1', 1767323045678901, 1767323105678901, 'unknown', 700, 'PHP', 1, 1234567890123456789, 1767323045678901, 1,
	'{"request":{"kind":"partial","key":"open","payment":{"id":"TRX-1","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"open"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T03:04:05.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('done', 'shop', 'tlpe', 'sandbox', 'TRX-2', 1767323045678901, 1767323105678901, 'succeeded', 700, 'PHP', 3, 1234567890123456790, 1767326645678901, NULL,
	'{"request":{"kind":"partial","key":"done","payment":{"id":"TRX-2","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"done"},"result":{"gateway":"tlpe","key":"done","status":"pending","kind":"partial","payment_id":"TRX-2","refund_id":"R-2","amount":null,"code":"PN.00","at":"2026-01-02T03:04:05.678901Z"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"},{"status":"pending","at":"2026-01-02T03:04:06.678901Z","cause":"answer"},{"status":"succeeded","at":"2026-01-02T04:04:05.678901Z","cause":"person","by":"Ana","note":"in the gateway''s books"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T04:04:05.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('free', 'shop', 'tlpe', 'sandbox', 'TRX-3', 1767323045678901, 1767323105678901, 'not_sent', 700, 'PHP', 2, 1234567890123456791, 1767323046678901, NULL,
	'{"request":{"kind":"partial","key":"free","payment":{"id":"TRX-3","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"free"},"error":{"gateway":"tlpe","op":"refund","code":"unavailable","status":"not_sent","message":"no route","cause":"context deadline exceeded"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"},{"status":"not_sent","at":"2026-01-02T03:04:06.678901Z","cause":"answer"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T03:04:06.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
