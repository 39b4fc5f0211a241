//! Flags and environment variables, parsed once into types. The comments of flags and tasks are the
//! texts of `--help`.

mod command_line;
mod replay_query;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::domain::{PersonId, Role, text::Slug};
use crate::export::open_data::org_id;
use crate::http::quotas::Quotas;
use crate::import::ImportKind;
use crate::mail::SetByOperator;
use crate::sandbox::Upload;
pub use replay_query::{FigureGroup, ReplayQuery};

/// A micro-grants service whose every change is an immutable event.
#[derive(Debug, Parser)]
#[command(name = "microgrants", version, about)]
pub struct Cli {
    #[command(flatten)]
    pub config: Config,
    #[command(subcommand)]
    pub command: Option<Task>,
}

/// Settings of every task.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// The database: <sqlite://PATH> or postgres://…
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
    /// The folder of key files, unless the environment holds the keys.
    #[arg(
        long,
        env = "MICROGRANTS_KEYS",
        default_value = "data/keys",
        global = true
    )]
    pub keys: PathBuf,
    /// The store of uploaded files: a folder, or <s3://BUCKET>.
    #[arg(
        long,
        env = "MICROGRANTS_FILES",
        default_value = "data/files",
        global = true
    )]
    pub files: String,
    /// The S3-compatible service that holds the bucket.
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
    /// The list of erasures, a file outside the database. A restore reads it. Keep a copy away from
    /// the backups.
    #[arg(
        long,
        env = "MICROGRANTS_ERASURES",
        default_value = "data/erasures.jsonl",
        global = true
    )]
    pub erasures: PathBuf,
    /// The folder with the published tables for checking account numbers. Without it only the
    /// format is checked.
    #[arg(long, env = "MICROGRANTS_MODULUS_TABLES", global = true)]
    pub modulus_tables: Option<PathBuf>,
    /// The address to listen on. Port 0 takes a free port.
    #[arg(
        long,
        env = "MICROGRANTS_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub listen: SocketAddr,
    /// The public address of the pages, such as <https://grants.example.org>. Without it, that of
    /// the settings, or the address that it listens on.
    #[arg(long, env = "MICROGRANTS_ADDRESS", global = true)]
    pub address: Option<String>,
    /// The office's phone number, shown on the pages.
    #[arg(long, env = "MICROGRANTS_TELEPHONE", default_value = "", global = true)]
    pub telephone: String,
    /// The IP address of the reverse proxy whose X-Forwarded-For is trusted.
    #[arg(long, env = "MICROGRANTS_PROXY", global = true)]
    pub proxy: Option<IpAddr>,
    /// Rate limits, such as links=5/15m,peers=40/15m,forms=240/10m,api=6000/1m
    /// (docs/reference/configuration.md).
    #[arg(long, env = "MICROGRANTS_LIMITS", default_value = "", global = true)]
    pub limits: Quotas,
    /// The format of the trace output on standard error.
    #[arg(
        long,
        env = "MICROGRANTS_LOG_FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    pub log_format: LogFormat,
    /// The email server: <smtps://USER:PASSWORD@HOST>, or <smtp://HOST:PORT?tls=required>. Without
    /// it, that of the settings, or emails are written to a folder.
    #[arg(
        long,
        env = "MICROGRANTS_SMTP_URL",
        global = true,
        hide_env_values = true
    )]
    pub smtp_url: Option<String>,
    /// The sender of emails. Without it, that of the settings, or
    /// `Grants <grants@localhost.localdomain>`.
    #[arg(long, env = "MICROGRANTS_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// How long a process may take to send one email before another process tries it, in seconds.
    /// It must be longer than the timeout of the email server.
    #[arg(
        long,
        env = "MICROGRANTS_MAIL_CLAIM_SECONDS",
        default_value_t = 300,
        global = true,
        hide = true
    )]
    pub mail_claim_seconds: u64,
    /// Addresses outside the office, such as an auditor's and a trustee's, that receive the newest
    /// checkpoint of the log each day and when a round completes.
    #[arg(
        long,
        env = "MICROGRANTS_HEADS_TO",
        value_delimiter = ',',
        global = true
    )]
    pub heads_to: Vec<String>,
    /// The layout of the bank's payment file and statements, as JSON (docs/integrations/bank.md).
    /// Without it, a plain layout.
    #[arg(long, env = "MICROGRANTS_BANK_LAYOUT", global = true)]
    pub bank_layout: Option<PathBuf>,
    /// The publisher prefix that 360Giving assigned, such as 360G-example. Without it no open data
    /// is published.
    #[arg(
        long,
        env = "MICROGRANTS_360G_PREFIX",
        value_parser = org_id::parse_publisher_prefix,
        global = true
    )]
    pub publisher_prefix: Option<String>,
    /// The organisation's own org-id, such as GB-CHC-1234567.
    #[arg(long, env = "MICROGRANTS_ORG_ID", value_parser = org_id::parse_org_id, global = true)]
    pub publisher_org_id: Option<String>,
    /// The organisation's website, as open data names it.
    #[arg(long, env = "MICROGRANTS_WEBSITE", global = true)]
    pub publisher_website: Option<String>,
    /// The address of the licence of the open data.
    #[arg(
        long,
        env = "MICROGRANTS_LICENCE",
        default_value = "https://creativecommons.org/licenses/by/4.0/",
        global = true
    )]
    pub licence: String,
    /// The places of the areas: a CSV file with the columns area, name, code and kind
    /// (docs/integrations/open-data.md).
    #[arg(long, env = "MICROGRANTS_PLACES", global = true)]
    pub places: Option<PathBuf>,
    /// The folder where each process records its starts and orderly stops.
    #[arg(
        long,
        env = "MICROGRANTS_STATE",
        default_value = "data/state",
        global = true
    )]
    pub state: PathBuf,
    /// Addresses of other systems that receive every event, separated by commas.
    #[arg(
        long,
        env = "MICROGRANTS_WEBHOOKS",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    pub webhooks: Vec<String>,
    /// The secret that signs these webhooks: whsec_ and at least 24 bytes in base64.
    #[arg(
        long,
        env = "MICROGRANTS_WEBHOOK_SECRET",
        default_value = "",
        global = true,
        hide_env_values = true
    )]
    pub webhook_secret: String,
    /// Allow webhooks of administrators to reach private addresses, and this machine without TLS.
    #[arg(long, env = "MICROGRANTS_WEBHOOKS_INSIDE", global = true)]
    pub webhooks_inside: bool,
    /// The folder for emails when there is no email server.
    #[arg(
        long,
        env = "MICROGRANTS_MAILS",
        default_value = "data/mails",
        global = true
    )]
    pub mails: PathBuf,
}

impl Config {
    /// The public address of the pages, without a slash at its end. Unless it is configured, it is
    /// the address that the service listens on.
    pub fn public_address(&self, listen: SocketAddr) -> String {
        self.address
            .clone()
            .unwrap_or_else(|| format!("http://{listen}"))
            .trim_end_matches('/')
            .to_owned()
    }
}

impl Config {
    /// The configured sender of mails, or one that belongs to nobody.
    pub fn mail_sender(&self) -> &str {
        self.mail_from
            .as_deref()
            .unwrap_or("Grants <grants@localhost.localdomain>")
    }

    /// The settings that the organisation cannot change.
    pub fn set_by_operator(&self) -> SetByOperator {
        SetByOperator {
            server: self.smtp_url.is_some(),
            sender: self.mail_from.is_some(),
            address: self.address.is_some(),
        }
    }

    /// The host of the configured mail server, without user and password; empty without one.
    pub fn mail_server_host(&self) -> String {
        let Some(url) = &self.smtp_url else {
            return String::new();
        };
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        host.to_owned()
    }
}

/// The format of the trace output.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A task of the command line.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Serve the pages and the API (the default).
    Serve,
    /// Load the seeds into an empty log, print a token for every role, and serve.
    Demo {
        /// The folder of seeds. Without it, those that came with the program.
        #[arg(long)]
        seeds: Option<PathBuf>,
    },
    /// Load seeds into an empty log; a second run changes nothing.
    Seed {
        /// The folder that holds programme.json.
        folder: PathBuf,
    },
    /// Manage the first people.
    People {
        #[command(subcommand)]
        task: PeopleTask,
    },
    /// Print an API token for a person. Also while the service runs.
    Token {
        #[arg(long)]
        person: PersonId,
        /// Limit the token to these roles of the person.
        #[arg(long, value_delimiter = ',')]
        roles: Option<Vec<Role>>,
        /// How many minutes it is valid, a year at most.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64)
            .range(1..=525_600))]
        minutes: u64,
        /// What it is for, as shown in the person's list of tokens.
        #[arg(long, default_value = "made on the command line")]
        name: String,
    },
    /// Print a link that signs a person in once. Also while the service runs.
    Link {
        #[arg(long)]
        person: PersonId,
        /// How many minutes it is valid.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
        minutes: u32,
    },
    /// End every session and every token of a person. Also while the service runs.
    EndAccess {
        #[arg(long)]
        person: PersonId,
    },
    /// Verify the log without trusting the service.
    Audit {
        #[command(subcommand)]
        task: AuditTask,
    },
    /// Replace the key-encryption key, and encrypt every subject's key under the new one. Stop the
    /// service first, and start it again afterwards.
    RotateKek,
    /// Replace the key that signs tokens, which ends every token. Stop the service first, and start
    /// it again afterwards.
    RotateToken,
    /// Replace the key that signs checkpoints of the log. Both keys sign the newest checkpoint.
    /// Stop the service first, and start it again afterwards.
    RotateSeal,
    /// Make a backup in a new folder, also while the service runs. It ends at a signed head, is
    /// signed itself, and is read back. Keys are not in it: store them elsewhere.
    Backup { folder: PathBuf },
    /// Restore a backup into an empty database, SQLite or PostgreSQL, after checking everything in
    /// it.
    Restore {
        folder: PathBuf,
        /// A file with the newest checkpoint that is known outside. The log continues under its
        /// origin.
        #[arg(long, required_unless_present = "new_origin")]
        head: Option<PathBuf>,
        /// Continue under a new origin, for this reason. The log records it, with the loss if one
        /// is known, before anything else.
        #[arg(long, value_name = "REASON")]
        new_origin: Option<String>,
        /// Restore a backup that an earlier program made, which is not signed. EVENTS is the number
        /// of its events after the last signed head; nobody can check these.
        #[arg(long, value_name = "EVENTS")]
        accept_unsealed: Option<i64>,
    },
    /// Import a table: CSV, XLSX, ODS, or a 360Giving package. If any row is wrong, nothing is
    /// recorded. Rows that were imported before are skipped.
    Import {
        /// What the table holds: groups, past-grants, funding, attendance or assets
        /// (docs/integrations/import.md).
        kind: ImportKind,
        file: PathBuf,
        /// The person who imports. Their roles must include it.
        #[arg(long, value_name = "PERSON")]
        by: PersonId,
        /// Print what would be imported, and record nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Read one upload from standard input within limits. The service starts this task itself.
    #[command(hide = true)]
    ReadUpload { upload: Upload },
    /// Write data for publishing.
    Export {
        #[command(subcommand)]
        task: ExportTask,
    },
    /// Print the OpenAPI contract.
    Openapi,
    /// Migrate the database to the schema of this program.
    Migrate,
    /// Rebuild the read model of one projection, or of all, from the log. The old rows are served
    /// until the new ones are complete.
    Rebuild {
        /// The name of the projection, as in `/readyz`.
        projection: Option<String>,
    },
}

/// Tasks of an auditor. Only `export` and `diff` need the service's database.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditTask {
    /// Export the log up to its newest checkpoint into a new folder.
    Export { folder: PathBuf },
    /// Verify an exported folder and print one finding a line. The exit code is 1 if there are
    /// findings.
    Verify {
        folder: PathBuf,
        /// A file with the log's public key, as you know it from elsewhere.
        #[arg(long)]
        key: Option<PathBuf>,
        /// A file with a checkpoint that you were given earlier.
        #[arg(long)]
        head: Option<PathBuf>,
        /// Print the whole report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a view as at any day or position, from an exported folder: `budget`, `outcomes`,
    /// `statement`, or the rows of a projection such as `applications`, `grants`, `payments`,
    /// `updates`, `groups`, `funds`.
    Replay {
        folder: PathBuf,
        #[command(flatten)]
        query: ReplayQuery,
    },
    /// Compare the read models in the service's database with a replay of an exported folder.
    Diff { folder: PathBuf },
    /// Store the newest checkpoint of a log on your own machine, check that it is consistent with
    /// the one before, and cosign it.
    Witness {
        /// The address of a service, or an exported folder.
        log: String,
        /// The folder of the witness: its key, the log's key, the last checkpoint, and all those
        /// before it.
        #[arg(long, default_value = "witness")]
        state: PathBuf,
        /// The name of the witness in its cosignatures.
        #[arg(long, default_value = "witness")]
        name: String,
        /// A file with the log's public key, as you know it from elsewhere. It is needed to trust
        /// the first checkpoint, and once more after the key was rotated.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Print the books of an exported folder as double entry: a journal, the trial balance, or the
    /// ledger of each fund and restriction.
    Ledger {
        folder: PathBuf,
        /// The format of the journal. The trial balance and the ledgers are text, unless it is csv.
        #[arg(long, value_enum, default_value_t)]
        format: JournalFormat,
        /// A day, meaning its end, or a position, as for `replay`.
        #[arg(long)]
        as_at: Option<String>,
        /// Print the trial balance instead of the journal.
        #[arg(long, conflicts_with = "by_fund")]
        trial_balance: bool,
        /// Print the ledger of each fund and restriction instead of the journal.
        #[arg(long)]
        by_fund: bool,
    },
    /// Draw grants by the hash of the newest head, so that nobody chooses them, and print all
    /// evidence of each.
    Sample {
        folder: PathBuf,
        /// How many grants.
        count: usize,
        #[arg(long)]
        json: bool,
    },
    /// Print the story of a grant, of a gathering, of a barrier or of an introduction in plain
    /// words: a verdict, what happened by day, and what is missing.
    Explain {
        folder: PathBuf,
        /// The id of the grant or of its application, or the application's number.
        #[arg(long, required_unless_present_any = ["gathering", "introduction", "barrier"])]
        grant: Option<String>,
        /// The id of the gathering.
        #[arg(long, conflicts_with_all = ["grant", "html"])]
        gathering: Option<Uuid>,
        /// The id of the introduction.
        #[arg(long, conflicts_with_all = ["grant", "gathering", "html"])]
        introduction: Option<Uuid>,
        /// The id of the barrier.
        #[arg(long, conflicts_with_all = ["grant", "gathering", "html"])]
        barrier: Option<Uuid>,
        /// Print an HTML page, for a browser or a printer.
        #[arg(long)]
        html: bool,
    },
    /// Print the table of rules, which is `docs/rules.md`.
    Rules,
    /// Print the catalogue of events, which is `docs/events.md`.
    Events,
    /// Write a JSON Schema for each event, and one for a line of `events.jsonl`, into a new folder.
    Schemas { folder: PathBuf },
    /// Print the inclusion proof of an event, from an exported folder.
    Prove {
        folder: PathBuf,
        #[arg(long)]
        position: i64,
    },
    /// Check an inclusion proof.
    Check {
        proof: PathBuf,
        /// A file with the log's public key, as you know it from elsewhere.
        #[arg(long)]
        key: Option<PathBuf>,
    },
}

/// The format of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum JournalFormat {
    #[default]
    Beancount,
    Hledger,
    Csv,
}

/// Exports for publishing.
#[derive(Clone, Debug, Subcommand)]
pub enum ExportTask {
    /// Write the grants in the 360Giving format: JSON, or CSV if the file name ends so. If a grant
    /// must not be published as it is, each such grant is listed and nothing is written.
    #[command(name = "360giving")]
    OpenData { file: PathBuf },
    /// Write the past grants that were recorded of groups, in the 360Giving format: JSON, or CSV if
    /// the file name ends so.
    History { file: PathBuf },
    /// Check any 360Giving package, in JSON, for what must be right before it is published.
    Preflight { file: PathBuf },
    /// Write the calendar of gatherings that everyone can read at `/gatherings.ics`.
    Calendar { file: PathBuf },
    /// Write the directory in the format Open Referral UK 3.0 that programs can read at
    /// `/open-referral`: one JSON file for each list, with all its records.
    OpenReferral { folder: PathBuf },
    /// Write the network of groups and entries of the directory in the format GraphML, for Gephi
    /// and other programs.
    Network {
        file: PathBuf,
        /// The day or the position of the log as at which it is written.
        #[arg(long)]
        as_at: Option<String>,
    },
    /// Write what the money went with: people, sessions, hours, introductions and changes next to
    /// the budget, as XLSX, or as CSV if the file name ends so.
    Value {
        file: PathBuf,
        /// Only the line of this fund, by its name or its id, next to everything.
        #[arg(long)]
        fund: Option<String>,
        /// The day or the position of the log as at which it is written.
        #[arg(long)]
        as_at: Option<String>,
    },
}

/// Tasks for the first people.
#[derive(Clone, Debug, Subcommand)]
pub enum PeopleTask {
    /// Register a person. While the organisation has fewer than two administrators their roles can
    /// be given as well.
    Add {
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: Option<String>,
        /// The roles, separated by commas.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<Role>,
        /// The name of the organisation, if this is its first person.
        #[arg(long, default_value = "Our organisation")]
        organisation_name: String,
    },
}
