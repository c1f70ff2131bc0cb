//! The options that option groups may have, by engine and major version. PostgreSQL has none.

/// An engine that option groups are for.
#[derive(Debug, Clone, Copy)]
pub struct Engine {
    /// `mysql`.
    pub name: &'static str,
    /// Its major versions.
    pub majors: &'static [&'static str],
    /// What its groups may have.
    pub options: &'static [OptionKind],
}

/// An option.
#[derive(Debug, Clone, Copy)]
pub struct OptionKind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub says: &'static str,
    /// The port that it listens at, where it does.
    pub port: Option<i64>,
    /// The major versions that have it; all where none are named.
    pub majors: &'static [&'static str],
    /// Whether it can't leave a group that instances have.
    pub persistent: bool,
    /// Its settings.
    pub settings: &'static [SettingKind],
}

/// A setting of an option.
#[derive(Debug, Clone, Copy)]
pub struct SettingKind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub says: &'static str,
    /// What it is where nobody says it.
    pub default: Option<&'static str>,
    /// Whether it has to be given.
    pub required: bool,
    /// `STRING`, `INTEGER` or `BOOLEAN`.
    pub kind: &'static str,
    /// What is allowed, in RDS's words: a range, or words with commas between.
    pub allowed: Option<&'static str>,
    /// Whether several of the words may be given.
    pub several: bool,
}

impl SettingKind {
    /// Whether it may be this.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        let Some(allowed) = self.allowed else { return self.kind != "BOOLEAN" || matches!(value, "true" | "false") };
        let number = |text: &str| text.parse::<f64>().ok();
        let range = allowed.split_once('-').and_then(|(least, most)| Some(number(least)?..=number(most)?));
        if let Some(range) = range {
            let whole = self.kind != "INTEGER" || value.parse::<i64>().is_ok();
            return whole && number(value).is_some_and(|value| range.contains(&value));
        }
        let one_of = |word: &str| allowed.split(',').any(|known| known == word);
        if self.several { value.split(',').all(|word| one_of(word.trim())) } else { one_of(value) }
    }
}

const fn text(name: &'static str, says: &'static str) -> SettingKind {
    SettingKind { name, says, default: None, required: false, kind: "STRING", allowed: None, several: false }
}

const fn number(name: &'static str, default: &'static str, allowed: &'static str, says: &'static str) -> SettingKind {
    SettingKind { default: Some(default), kind: "INTEGER", allowed: Some(allowed), ..text(name, says) }
}

const fn word(name: &'static str, default: &'static str, allowed: &'static str, says: &'static str) -> SettingKind {
    SettingKind { default: Some(default), allowed: Some(allowed), ..text(name, says) }
}

/// Where RDS keeps what is audited.
const LOGS: &str = "/rdsdbdata/log/audit/";

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html>
const AUDIT: OptionKind = OptionKind {
    name: "MARIADB_AUDIT_PLUGIN",
    says: "MariaDB Audit Plugin",
    port: None,
    majors: &[],
    persistent: false,
    settings: &[
        SettingKind {
            several: true,
            ..word(
                "SERVER_AUDIT_EVENTS",
                "CONNECT,QUERY",
                "CONNECT,QUERY,QUERY_DDL,QUERY_DML,QUERY_DML_NO_SELECT,QUERY_DCL",
                "The kinds of events that are recorded",
            )
        },
        word("SERVER_AUDIT_FILE_PATH", LOGS, LOGS, "Where files are kept"),
        number("SERVER_AUDIT_FILE_ROTATE_SIZE", "1000000", "1-1000000000", "The bytes at which a file is rotated"),
        number("SERVER_AUDIT_FILE_ROTATIONS", "9", "0-100", "How many files are kept"),
        word("SERVER_AUDIT_LOGGING", "ON", "ON", "Whether anything is recorded"),
        number("SERVER_AUDIT_QUERY_LOG_LIMIT", "1024", "0-2147483647", "The bytes of a query that are recorded"),
        text("SERVER_AUDIT_EXCL_USERS", "Users whose acts are not recorded"),
        text("SERVER_AUDIT_INCL_USERS", "Users whose acts alone are recorded"),
    ],
};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.memcached.html>; the values are those of
/// a recorded answer, <https://github.com/getmoto/moto/blob/master/moto/rds/models.py>.
const MEMCACHED: OptionKind = OptionKind {
    name: "MEMCACHED",
    says: "InnoDB Memcached for MySQL",
    port: Some(11211),
    majors: &["8.0"],
    persistent: false,
    settings: &[
        number("BACKLOG_QUEUE_LIMIT", "1024", "1-2048", "How many connections may wait"),
        word("BINDING_PROTOCOL", "auto", "auto,ascii,binary", "The protocol that is spoken"),
        number("CAS_DISABLED", "0", "0-1", "Whether there is no compare and swap"),
        number("CHUNK_SIZE", "48", "1-48", "The least bytes of an item"),
        SettingKind {
            kind: "STRING",
            ..number(
                "CHUNK_SIZE_GROWTH_FACTOR",
                "1.25",
                "1-2",
                "By how much each kind of chunk is larger than the last",
            )
        },
        number("DAEMON_MEMCACHED_R_BATCH_SIZE", "1", "1-4294967295", "After how many reads a transaction ends"),
        number("DAEMON_MEMCACHED_W_BATCH_SIZE", "1", "1-4294967295", "After how many writes a transaction ends"),
        number("ERROR_ON_MEMORY_EXHAUSTED", "0", "0-1", "Whether a full memory is an error"),
        number("INNODB_API_BK_COMMIT_INTERVAL", "5", "1-1073741824", "How often what is idle is committed"),
        number("INNODB_API_DISABLE_ROWLOCK", "0", "0-1", "Whether rows are not locked"),
        number("INNODB_API_ENABLE_MDL", "0", "0-1", "Whether the table is locked against changes of it"),
        number("INNODB_API_TRX_LEVEL", "0", "0-3", "How transactions are kept apart"),
        number("MAX_SIMULTANEOUS_CONNECTIONS", "1024", "10-1024", "How many connections there may be"),
        word("VERBOSITY", "v", "v,vv,vvv", "How much is logged"),
    ],
};

const ROLE: SettingKind = SettingKind { required: true, ..text("IAM_ROLE_ARN", "The role that reaches the bucket") };

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.SQLServer.Options.BackupRestore.html>
const BACKUP: OptionKind = OptionKind {
    name: "SQLSERVER_BACKUP_RESTORE",
    says: "SQLServer Backup Restore",
    port: None,
    majors: &[],
    persistent: false,
    settings: &[ROLE],
};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.SQLServer.Options.Audit.html>
const SERVER_AUDIT: OptionKind = OptionKind {
    name: "SQLSERVER_AUDIT",
    says: "SQLServer Audit",
    port: None,
    majors: &[],
    persistent: false,
    settings: &[
        ROLE,
        SettingKind { required: true, ..text("S3_BUCKET_ARN", "The bucket that records go to") },
        SettingKind { default: Some("true"), kind: "BOOLEAN", ..text("ENABLE_COMPRESSION", "Whether they are packed") },
        number("RETENTION_TIME", "0", "0-840", "For how many hours they stay on the instance too"),
    ],
};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.SQLServer.Options.TDE.html>
const TDE: OptionKind = OptionKind {
    name: "TRANSPARENT_DATA_ENCRYPTION",
    says: "SQLServer Transparent Data Encryption",
    port: None,
    majors: &[],
    persistent: true,
    settings: &[],
};

const SQLSERVER: &[&str] = &["13.00", "14.00", "15.00", "16.00"];

const fn of(name: &'static str, majors: &'static [&'static str], options: &'static [OptionKind]) -> Engine {
    Engine { name, majors, options }
}

/// The engines whose options are here: of Oracle and Db2 none are.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithOptionGroups.html>
pub const ENGINES: &[Engine] = &[
    of("postgres", &["11", "12", "13", "14", "15", "16", "17", "18"], &[]),
    of("mysql", &["5.7", "8.0", "8.4"], &[AUDIT, MEMCACHED]),
    of("mariadb", &["10.6", "10.11", "11.4", "11.8"], &[AUDIT]),
    of("sqlserver-ee", SQLSERVER, &[BACKUP, SERVER_AUDIT, TDE]),
    of("sqlserver-se", SQLSERVER, &[BACKUP, SERVER_AUDIT, TDE]),
    of("sqlserver-web", SQLSERVER, &[BACKUP, SERVER_AUDIT]),
    of("sqlserver-ex", SQLSERVER, &[BACKUP]),
];

/// An engine by its name.
#[must_use]
pub fn engine(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

impl Engine {
    /// What a major version of it may have.
    pub fn options_of(&self, major: &str) -> impl Iterator<Item = &'static OptionKind> {
        self.options.iter().filter(move |option| option.majors.is_empty() || option.majors.contains(&major))
    }
}
