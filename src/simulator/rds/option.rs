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
    /// What is allowed, in RDS's words.
    pub allowed: Option<&'static str>,
}

const fn text(name: &'static str, says: &'static str) -> SettingKind {
    SettingKind { name, says, default: None, required: false, kind: "STRING", allowed: None }
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html>
const AUDIT: OptionKind = OptionKind {
    name: "MARIADB_AUDIT_PLUGIN",
    says: "MariaDB Audit Plugin",
    port: None,
    majors: &[],
    persistent: false,
    settings: &[
        SettingKind {
            default: Some("CONNECT,QUERY"),
            ..text("SERVER_AUDIT_EVENTS", "The kinds of events that are recorded")
        },
        SettingKind {
            default: Some("1000000"),
            kind: "INTEGER",
            allowed: Some("1-1000000000"),
            ..text("SERVER_AUDIT_FILE_ROTATE_SIZE", "The size in bytes at which a file is rotated")
        },
        SettingKind {
            default: Some("9"),
            kind: "INTEGER",
            allowed: Some("0-100"),
            ..text("SERVER_AUDIT_FILE_ROTATIONS", "How many files are kept")
        },
        text("SERVER_AUDIT_EXCL_USERS", "Users whose acts are not recorded"),
        text("SERVER_AUDIT_INCL_USERS", "Users whose acts alone are recorded"),
    ],
};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.memcached.html>
const MEMCACHED: OptionKind = OptionKind {
    name: "MEMCACHED",
    says: "InnoDB Memcached for MySQL",
    port: Some(11211),
    majors: &["8.0"],
    persistent: false,
    settings: &[SettingKind {
        default: Some("1024"),
        kind: "INTEGER",
        allowed: Some("1-2147483647"),
        ..text("BACKLOG_QUEUE_LIMIT", "How many connections may wait")
    }],
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
        SettingKind {
            default: Some("0"),
            kind: "INTEGER",
            allowed: Some("0-840"),
            ..text("RETENTION_TIME", "For how many hours they stay on the instance too")
        },
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
