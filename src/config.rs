//! Flags and environment, parsed once into types.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::{PersonId, Role, text::Slug};
use crate::export::open_data::org_id;
use crate::http::limits::Quotas;
use crate::import::Kind;
use crate::sandbox::Upload;

/// A micro-grants service whose every change is an immutable event.
#[derive(Debug, Parser)]
#[command(name = "microgrants", version, about)]
pub struct Cli {
    #[command(flatten)]
    pub config: Config,
    #[command(subcommand)]
    pub command: Option<Task>,
}

/// What every task needs to know.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Where the log lies: <sqlite://PATH> or postgres://…
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://data/microgrants.db",
        global = true,
        hide_env_values = true
    )]
    pub database_url: String,
    /// The organisation's key in the database.
    #[arg(
        long,
        env = "MICROGRANTS_ORGANISATION",
        default_value = "main",
        global = true
    )]
    pub organisation: Slug,
    /// Where keys lie, unless the environment holds them.
    #[arg(
        long,
        env = "MICROGRANTS_KEYS",
        default_value = "data/keys",
        global = true
    )]
    pub keys: PathBuf,
    /// Where files lie: a folder, or <s3://BUCKET>.
    #[arg(
        long,
        env = "MICROGRANTS_FILES",
        default_value = "data/files",
        global = true
    )]
    pub files: String,
    /// The S3-compatible store that holds the bucket.
    #[arg(
        long,
        env = "MICROGRANTS_S3_ENDPOINT",
        default_value = "https://s3.eu-west-2.amazonaws.com",
        global = true,
        hide = true
    )]
    pub s3_endpoint: String,
    #[arg(
        long,
        env = "MICROGRANTS_S3_REGION",
        default_value = "eu-west-2",
        global = true,
        hide = true
    )]
    pub s3_region: String,
    #[arg(
        long,
        env = "AWS_ACCESS_KEY_ID",
        default_value = "",
        global = true,
        hide = true,
        hide_env_values = true
    )]
    pub s3_key: String,
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        default_value = "",
        global = true,
        hide = true,
        hide_env_values = true
    )]
    pub s3_secret: String,
    /// The list of erasures: a file outside the database, which a restore goes by. Keep a copy
    /// where the backups are not.
    #[arg(
        long,
        env = "MICROGRANTS_ERASURES",
        default_value = "data/erasures.jsonl",
        global = true
    )]
    pub erasures: PathBuf,
    /// The folder with the published tables for checking account numbers; without it only their
    /// shape is checked.
    #[arg(long, env = "MICROGRANTS_MODULUS_TABLES", global = true)]
    pub modulus_tables: Option<PathBuf>,
    /// The address to serve on; port 0 takes any that is free.
    #[arg(
        long,
        env = "MICROGRANTS_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub listen: SocketAddr,
    /// Where the pages are found from outside, such as <https://grants.example.org>; without it,
    /// where it serves.
    #[arg(long, env = "MICROGRANTS_ADDRESS", global = true)]
    pub address: Option<String>,
    /// The office's telephone number, as the pages show it.
    #[arg(long, env = "MICROGRANTS_TELEPHONE", default_value = "", global = true)]
    pub telephone: String,
    /// The proxy whose X-Forwarded-For is believed.
    #[arg(long, env = "MICROGRANTS_PROXY", global = true)]
    pub proxy: Option<IpAddr>,
    /// How often something may be asked for, such as
    /// links=5/15m,peers=40/15m,forms=240/10m,api=6000/1m (docs/reference/configuration.md).
    #[arg(long, env = "MICROGRANTS_LIMITS", default_value = "", global = true)]
    pub limits: Quotas,
    /// How the log of operation is written, to standard error.
    #[arg(
        long,
        env = "MICROGRANTS_LOG_FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    pub log_format: LogFormat,
    /// The mail server: <smtps://USER:PASSWORD@HOST>, or <smtp://HOST:PORT?tls=required>; without
    /// it mails go into a folder.
    #[arg(
        long,
        env = "MICROGRANTS_SMTP_URL",
        global = true,
        hide_env_values = true
    )]
    pub smtp_url: Option<String>,
    /// From whom mails come.
    #[arg(
        long,
        env = "MICROGRANTS_MAIL_FROM",
        default_value = "Grants <grants@localhost.localdomain>",
        global = true
    )]
    pub mail_from: String,
    /// For how long a mail that is being sent is claimed, in seconds: longer than the mail server
    /// may take.
    #[arg(
        long,
        env = "MICROGRANTS_MAIL_CLAIM_SECONDS",
        default_value_t = 300,
        global = true,
        hide = true
    )]
    pub mail_claim_seconds: u64,
    /// To whom the log's signed heads are mailed, daily and when a round completes: people outside
    /// the office, such as an auditor and a trustee.
    #[arg(
        long,
        env = "MICROGRANTS_HEADS_TO",
        value_delimiter = ',',
        global = true
    )]
    pub heads_to: Vec<String>,
    /// How the bank wants its file of payments, as JSON (docs/integrations/bank.md); without it, a
    /// plain one is made.
    #[arg(long, env = "MICROGRANTS_BANK_LAYOUT", global = true)]
    pub bank_layout: Option<PathBuf>,
    /// The prefix that 360Giving gave for publishing, such as 360G-example; without it no open data
    /// is published.
    #[arg(long, env = "MICROGRANTS_360G_PREFIX", value_parser = org_id::prefix, global = true)]
    pub publisher_prefix: Option<String>,
    /// The organisation's own org-id, such as GB-CHC-1234567.
    #[arg(long, env = "MICROGRANTS_ORG_ID", value_parser = org_id::org_id, global = true)]
    pub publisher_org_id: Option<String>,
    /// The organisation's own website, as open data names it.
    #[arg(long, env = "MICROGRANTS_WEBSITE", global = true)]
    pub publisher_website: Option<String>,
    /// The address of the licence under which open data is published.
    #[arg(
        long,
        env = "MICROGRANTS_LICENCE",
        default_value = "https://creativecommons.org/licenses/by/4.0/",
        global = true
    )]
    pub licence: String,
    /// Where the areas lie: a CSV file with the columns area, name, code and kind
    /// (docs/integrations/open-data.md).
    #[arg(long, env = "MICROGRANTS_PLACES", global = true)]
    pub places: Option<PathBuf>,
    /// The folder in which the service notes that it was started and came to its end.
    #[arg(
        long,
        env = "MICROGRANTS_STATE",
        default_value = "data/state",
        global = true
    )]
    pub state: PathBuf,
    /// Addresses of other systems that are told of every event, in order; with commas between.
    #[arg(
        long,
        env = "MICROGRANTS_WEBHOOKS",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    pub webhooks: Vec<String>,
    /// The secret by which they know that it is us: whsec_ and at least 24 bytes in base64.
    #[arg(
        long,
        env = "MICROGRANTS_WEBHOOK_SECRET",
        default_value = "",
        global = true,
        hide_env_values = true
    )]
    pub webhook_secret: String,
    /// Let webhooks that administrators make lead inside the own network, and without TLS to this
    /// machine.
    #[arg(long, env = "MICROGRANTS_WEBHOOKS_INSIDE", global = true)]
    pub webhooks_inside: bool,
    /// The folder for mails when there is no mail server.
    #[arg(
        long,
        env = "MICROGRANTS_MAILS",
        default_value = "data/mails",
        global = true
    )]
    pub mails: PathBuf,
}

/// How the log of operation is written.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Serve the API (the default).
    Serve,
    /// Load the seeds into an empty log, print a token for every role, and serve.
    Demo {
        /// Where the seeds lie; without it, those that came with the program.
        #[arg(long)]
        seeds: Option<PathBuf>,
    },
    /// Load seeds into an empty log; a second run changes nothing.
    Seed {
        /// The folder that holds programme.json.
        folder: PathBuf,
    },
    /// The people who begin.
    People {
        #[command(subcommand)]
        task: PeopleTask,
    },
    /// Print a token for a person. Also while the service runs.
    Token {
        #[arg(long)]
        person: PersonId,
        /// Leave the token only these roles.
        #[arg(long, value_delimiter = ',')]
        roles: Option<Vec<Role>>,
        /// For how many minutes it is good: a year at most.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=525_600))]
        minutes: u64,
        /// What it is for, as its person sees it among their tokens.
        #[arg(long, default_value = "made on the command line")]
        name: String,
    },
    /// Print a link with which a person signs in, once. Also while the service runs.
    Link {
        #[arg(long)]
        person: PersonId,
        /// For how many minutes it is good.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
        minutes: u32,
    },
    /// End every session and every token of a person. Also while the service runs.
    EndAccess {
        #[arg(long)]
        person: PersonId,
    },
    /// Check the log without trusting the service.
    Audit {
        #[command(subcommand)]
        task: AuditTask,
    },
    /// Make a new key-encryption key, and wrap every key anew under it. Stop the service first, and
    /// start it again after.
    RotateKek,
    /// Make a new key for signing tokens; every token ends. Stop the service first, and start it
    /// again after.
    RotateToken,
    /// Make a new key for signing the log's heads; the old one signs for it. Stop the service
    /// first, and start it again after.
    RotateSeal,
    /// Take a backup into a new folder, also while the service runs. Keys are not in it: keep them
    /// elsewhere.
    Backup { folder: PathBuf },
    /// Restore a backup into an empty database of either kind, once everything in it was checked.
    Restore {
        folder: PathBuf,
        /// A file with the last head that is known outside: the log goes on under its origin.
        #[arg(long, required_unless_present = "new_origin")]
        head: Option<PathBuf>,
        /// Go on under a new origin, and why: with the loss, it is the first thing to be recorded.
        #[arg(long, value_name = "REASON")]
        new_origin: Option<String>,
    },
    /// Read a table from elsewhere: CSV, XLSX, ODS, or a 360Giving package. Nothing is recorded
    /// where any row is wrong, and nothing twice.
    Import {
        /// What it holds: groups, past-grants or funding (docs/integrations/import.md).
        kind: Kind,
        file: PathBuf,
        /// Who imports: a person whose roles include it.
        #[arg(long, value_name = "PERSON")]
        by: PersonId,
        /// Say what would happen, and record nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Read one upload from standard input, within bounds: the service starts this task itself.
    #[command(hide = true)]
    ReadUpload { upload: Upload },
    /// Write what leaves for elsewhere.
    Export {
        #[command(subcommand)]
        task: ExportTask,
    },
    /// Print the contract.
    Openapi,
    /// Bring the database up to date.
    Migrate,
    /// Make a projection's rows anew from the log, or every projection's, and put them in the place
    /// of the live ones.
    Rebuild {
        /// The projection, as `/readyz` names it.
        projection: Option<String>,
    },
}

/// What an auditor does. All but exporting needs neither the service nor its database.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditTask {
    /// Write the whole log into a new folder, up to its last signed head.
    Export { folder: PathBuf },
    /// Check a folder: what does not hold is printed, one finding a line. Exit code 1 says that
    /// something does not.
    Verify {
        folder: PathBuf,
        /// A file with the public key that you know from elsewhere.
        #[arg(long)]
        key: Option<PathBuf>,
        /// A file with a head that you were given earlier.
        #[arg(long)]
        head: Option<PathBuf>,
        /// Print the whole report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a view as at any day or position, from a folder alone: `budget`, `outcomes`, or the
    /// rows of a projection such as `applications`, `grants`, `payments`, `updates`, `groups`,
    /// `funds`.
    Replay {
        folder: PathBuf,
        #[arg(long, default_value = "budget")]
        view: String,
        /// The end of a day, or a position; inside a command, the state before that command.
        /// Without it, the folder's end.
        #[arg(long)]
        as_at: Option<String>,
    },
    /// Hold what the service's database shows against a replay of a folder.
    Diff { folder: PathBuf },
    /// Keep the log's newest head on your own machine, hold it against the one that you kept last,
    /// and cosign it.
    Witness {
        /// Where the log is: a service's address, or an exported folder.
        log: String,
        /// The folder that holds what you know: your key, the log's key, and the last head.
        #[arg(long, default_value = "witness")]
        state: PathBuf,
        /// Under which name you cosign.
        #[arg(long, default_value = "witness")]
        name: String,
    },
    /// Tell a grant's whole story in plain words, with positions.
    Explain {
        folder: PathBuf,
        /// The id of the grant, or of the application.
        #[arg(long)]
        grant: uuid::Uuid,
    },
    /// Print the proof that an event is in the log, from a folder.
    Prove {
        folder: PathBuf,
        #[arg(long)]
        position: i64,
    },
    /// Check a proof that somebody was given.
    Check {
        proof: PathBuf,
        /// A file with the public key that you know from elsewhere.
        #[arg(long)]
        key: Option<PathBuf>,
    },
}

/// What leaves for elsewhere.
#[derive(Clone, Debug, Subcommand)]
pub enum ExportTask {
    /// Write the grants as 360Giving publishes them: as JSON, or as CSV where the file is named so.
    /// Nothing is written when a grant must not be published as it is; each is named.
    #[command(name = "360giving")]
    OpenData { file: PathBuf },
    /// Write the grants that groups had before, as they were recorded, in the standard's words: as
    /// JSON, or as CSV.
    History { file: PathBuf },
    /// Hold a 360Giving package of anybody's, in JSON, against what must hold before it is
    /// published.
    Preflight { file: PathBuf },
}

/// Naming the first people.
#[derive(Clone, Debug, Subcommand)]
pub enum PeopleTask {
    /// Register a person, and name their roles while the organisation has fewer than two
    /// administrators.
    Add {
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: Option<String>,
        /// The roles, separated by commas.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<Role>,
        /// The organisation's name, when this is its first person.
        #[arg(long, default_value = "Our organisation")]
        organisation_name: String,
    },
}
