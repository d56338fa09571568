CREATE TABLE refund_migrations (version BIGINT NOT NULL PRIMARY KEY, applied_at DATETIME(6) NOT NULL) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS refund_entries (
		id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		entry_key    VARBINARY(255) NOT NULL,
		provider     VARBINARY(255) NOT NULL,
		gateway      VARBINARY(255) NOT NULL,
		environment  VARBINARY(255) NOT NULL,
		payment_id   VARBINARY(255) NOT NULL,
		began_at     DATETIME(6) NOT NULL,
		lease_until  DATETIME(6) NOT NULL,
		status       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
		amount_minor BIGINT,
		currency     CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
		version      BIGINT NOT NULL,
		stamp        BIGINT NOT NULL,
		changed_at   DATETIME(6) NOT NULL,
		open_mark    TINYINT,
		details      MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
		UNIQUE KEY refund_entries_key (entry_key),
		UNIQUE KEY refund_entries_one_open (payment_id, provider, environment, open_mark),
		KEY refund_entries_status (status, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS refund_locks (slot INT NOT NULL PRIMARY KEY) ENGINE=InnoDB;
INSERT IGNORE INTO refund_locks (slot) WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 15)
		SELECT a.n + 16 * b.n + 256 * c.n + 4096 * e.n FROM d AS a CROSS JOIN d AS b CROSS JOIN d AS c CROSS JOIN d AS e WHERE e.n < 4;
INSERT INTO refund_migrations (version, applied_at) VALUES (1, '2026-01-02 03:04:05.678901');
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('open', 'shop', 'tlpe', 'sandbox', 'TRX-1', '2026-01-02 03:04:05.678901', '2026-01-02 03:05:05.678901', 'unknown', 700, 'PHP', 1, 1234567890123456789, '2026-01-02 03:04:05.678901', 1,
	'{"request":{"kind":"partial","key":"open","payment":{"id":"TRX-1","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"open"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T03:04:05.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('done', 'shop', 'tlpe', 'sandbox', 'TRX-2', '2026-01-02 03:04:05.678901', '2026-01-02 03:05:05.678901', 'succeeded', 700, 'PHP', 3, 1234567890123456790, '2026-01-02 04:04:05.678901', NULL,
	'{"request":{"kind":"partial","key":"done","payment":{"id":"TRX-2","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"done"},"result":{"gateway":"tlpe","key":"done","status":"pending","kind":"partial","payment_id":"TRX-2","refund_id":"R-2","amount":null,"code":"PN.00","at":"2026-01-02T03:04:05.678901Z"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"},{"status":"pending","at":"2026-01-02T03:04:06.678901Z","cause":"answer"},{"status":"succeeded","at":"2026-01-02T04:04:05.678901Z","cause":"person","by":"Ana","note":"in the gateway''s books"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T04:04:05.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
INSERT INTO refund_entries (entry_key, provider, gateway, environment, payment_id, began_at, lease_until, status, amount_minor, currency, version, stamp, changed_at, open_mark, details)
VALUES ('free', 'shop', 'tlpe', 'sandbox', 'TRX-3', '2026-01-02 03:04:05.678901', '2026-01-02 03:05:05.678901', 'not_sent', 700, 'PHP', 2, 1234567890123456791, '2026-01-02 03:04:06.678901', NULL,
	'{"request":{"kind":"partial","key":"free","payment":{"id":"TRX-3","amount":{"amount":"100.00","currency":"PHP"}},"amount":{"amount":"7.00","currency":"PHP"},"remaining":null,"reason":"free"},"error":{"gateway":"tlpe","op":"refund","code":"unavailable","status":"not_sent","message":"no route","cause":"context deadline exceeded"},"history":[{"status":"unknown","at":"2026-01-02T03:04:05.678901Z","cause":"begin"},{"status":"not_sent","at":"2026-01-02T03:04:06.678901Z","cause":"answer"}],"began_at":"2026-01-02T03:04:05.678901Z","changed_at":"2026-01-02T03:04:06.678901Z","lease_until":"2026-01-02T03:05:05.678901Z"}');
