//! Tasks of the command line: serving, the demonstration, tokens, keys, backups, audits, imports
//! and exports.

/// Prints a line to standard output and ignores errors: if the reader has closed the pipe, as
/// `head` does, the task still runs to its exit code.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod audit;
mod backup;
mod export;
mod import;
mod local;
mod private;
mod read_upload;
mod serve;
mod starts;

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use crate::bank::LayoutError;
use crate::commands::clock::{self, Clock};
use crate::commands::modulus::{Modulus, ModulusError};
use crate::commands::seed::{self, SeedError};
use crate::commands::{Caller, CommandError, Commands, Request};
use crate::config::{Config, PeopleTask, Task};
use crate::domain::organisation::{Found, NameFounder};
use crate::domain::{Command, Organisation, OrganisationCommand, PersonCommand, PersonId, Role};
use crate::export::open_data::PlacesError;
use crate::files::{Bucket, BucketError, Files};
use crate::http;
use crate::http::signin::{TokenError, Tokens};
use crate::http::tokens::NewToken;
use crate::log::keys::{self, KeyError, Keys, Purpose};
use crate::log::vault::Vault;
use crate::log::{Log, LogError, RecordedBy};
use crate::mail::links::{self, Invited};
use crate::mail::{MailError, OutboxError};
use crate::projections::{self, ProjectionError, Projector};
use crate::seal::sealer::{SealError, Sealer};
use crate::store::{Store, StoreError};
use crate::views::ViewError;
use crate::webhooks::WebhookError;
use local::Asked;
pub use private::close_what_is_made;
pub use read_upload::read_upload;

/// Why a task failed. Each message is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error(transparent)]
    Modulus(#[from] ModulusError),
    #[error("{0} is in use: stop what listens there, or choose another address with --listen")]
    AddressInUse(std::net::SocketAddr),
    #[error("{0} cannot be listened on: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error("the service stopped: {0}")]
    Serve(std::io::Error),
    #[error("where this program lies is not known: {0}")]
    Program(std::io::Error),
    #[error("the upload was not read: {0}")]
    Upload(std::io::Error),
    #[error(transparent)]
    Export(#[from] crate::audit::ExportError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    #[error(transparent)]
    Restore(#[from] crate::backup::RestoreError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error("the bank's layout: {0}")]
    BankLayout(#[from] LayoutError),
    #[error("places: {0}")]
    Places(#[from] PlacesError),
    #[error("the list of erasures: {0}")]
    Erasures(String),
    #[error("{0} rows are wrong: {1}")]
    NotImported(usize, &'static str),
    #[error("{0} faults: nothing was published")]
    NotPublished(usize),
    #[error("{0} findings: the log does not hold")]
    DoesNotHold(usize),
    #[error("it could not be checked: {0}")]
    NotChecked(String),
    #[error("no person here has the id {0}")]
    UnknownPerson(PersonId),
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// Error message of the running service, which was asked over its socket.
    #[error("{0}")]
    Answered(String),
}

impl TaskError {
    /// Exit code: 2 if something could not be checked, 1 for every other failure.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::NotChecked(_)) {
            2
        } else {
            1
        }
    }
}

/// An opened organisation: keys and commands.
struct Opened {
    keys: Keys,
    commands: Commands,
}

impl Opened {
    /// The checkpoint signer. A log without a checkpoint gets a new unique origin.
    fn sealer(&self) -> Sealer {
        let log = self.commands.log().clone();
        let origin = format!("microgrants/{}/{}", log.organisation(), clock::new_id());
        Sealer::new(log, self.keys.seal.secret, &origin)
    }
}

/// Runs one task to its end.
pub async fn run(config: Config, task: Task) -> Result<(), TaskError> {
    match task {
        Task::Serve => {
            let listener = bind(&config)?;
            let opened = open(&config, RecordedBy::Database, Clock::System).await?;
            serve::run(&config, opened, listener, false).await
        }
        Task::Demo { seeds } => demo(config, seeds.as_deref()).await,
        Task::Seed { folder } => {
            let loaded = load_seeds(&config, Some(&folder)).await?;
            say!("{loaded}");
            Ok(())
        }
        Task::People {
            task:
                PeopleTask::Add {
                    name,
                    email,
                    roles,
                    organisation_name,
                },
        } => add_person(&config, name, email, roles, &organisation_name).await,
        Task::Token {
            person,
            roles,
            minutes,
            name,
        } => {
            say!(
                "{}",
                local::run(
                    &config,
                    Asked::Token {
                        person,
                        name,
                        roles,
                        minutes
                    }
                )
                .await?
            );
            Ok(())
        }
        Task::Link { person, minutes } => {
            say!(
                "{}",
                local::run(&config, Asked::Link { person, minutes }).await?
            );
            Ok(())
        }
        Task::EndAccess { person } => {
            say!(
                "{}",
                local::run(&config, Asked::EndAccess { person }).await?
            );
            Ok(())
        }
        Task::Audit { task } => audit::run(&config, task).await,
        Task::RotateKek => {
            let store = Store::open(&config.database_url).await?;
            let wrapped = keys::rotate_kek(&store, &config.keys).await?;
            store.close().await;
            say!(
                "{wrapped} keys are wrapped by a new key. The old one lies beside it: older backups need it, and nothing else does"
            );
            Ok(())
        }
        Task::RotateToken => {
            let store = Store::open(&config.database_url).await?;
            let ended =
                keys::rotate_token(&store, &config.keys, Clock::System.now().as_microsecond())
                    .await?;
            store.close().await;
            say!(
                "{ended} tokens have ended. Start every process of the service again: only then it signs by the new key"
            );
            Ok(())
        }
        Task::RotateSeal => {
            let opened = open(&config, RecordedBy::Database, Clock::System).await?;
            let store = opened.commands.log().store().clone();
            let (old, new) = keys::begin_rotation(&store, &config.keys, Purpose::Seal).await?;
            opened.sealer().hand_over(&old.id, &new).await?;
            keys::take_next(&config.keys, Purpose::Seal, Some(&old.id))?;
            store.close().await;
            say!(
                "the newest head is signed by both keys, and the new one signs from here on. Give it to those who check: /log/key"
            );
            Ok(())
        }
        Task::Backup { folder } => backup::take(&config, &folder).await,
        Task::Restore {
            folder,
            head,
            new_origin,
        } => backup::restore(&config, &folder, head.as_deref(), new_origin).await,
        Task::Import {
            kind,
            file,
            by,
            dry_run,
        } => import::run(&config, kind, &file, by, dry_run).await,
        Task::ReadUpload { upload } => read_upload(upload),
        Task::Export { task } => export::run(&config, task).await,
        Task::Openapi => {
            print!("{}", http::contract());
            Ok(())
        }
        Task::Rebuild { projection } => {
            let opened = open(&config, RecordedBy::Database, Clock::System).await?;
            let projector = Projector::open(opened.commands.log().clone()).await?;
            let names = projection.map_or_else(
                || projections::names().map(str::to_owned).collect(),
                |name| vec![name],
            );
            for name in names {
                say!("{name}: generation {}", projector.rebuild(&name).await?);
            }
            Ok(())
        }
        Task::Migrate => {
            Store::open(&config.database_url).await?.close().await;
            say!("the database is up to date");
            Ok(())
        }
    }
}

/// Opens the database, the keys, the log and the commands. An SQLite database is locked by its
/// process, so this fails with [`StoreError::Locked`] while a service has it open.
async fn open(config: &Config, recorded_by: RecordedBy, clock: Clock) -> Result<Opened, TaskError> {
    private::close_what_is_there(config);
    let store = Store::open(&config.database_url).await?;
    let keys = Keys::open(&store, &config.keys).await?;
    let organisation = config.organisation.as_str();
    let vault = Vault::new(
        store.clone(),
        organisation,
        keys.kek.clone(),
        keys.index.clone(),
    );
    let log = Log::open(store, organisation, vault, recorded_by).await?;
    let modulus = config
        .modulus_tables
        .as_deref()
        .map(Modulus::read)
        .transpose()?;
    Ok(Opened {
        keys,
        commands: Commands::new(log, clock).checking_accounts(modulus),
    })
}

fn bind(config: &Config) -> Result<TcpListener, TaskError> {
    TcpListener::bind(config.listen).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AddrInUse => TaskError::AddressInUse(config.listen),
        _ => TaskError::Listen(config.listen, cause),
    })
}

/// The configured store of files: an S3 bucket or a folder.
fn files(config: &Config) -> Result<Files, TaskError> {
    let Some(bucket) = config.files.strip_prefix("s3://") else {
        return Ok(Files::in_folder(config.files.as_str().into()));
    };
    let Config {
        s3_endpoint,
        s3_region,
        s3_key,
        s3_secret,
        ..
    } = config;
    Ok(Files::Bucket(Box::new(Bucket::new(
        s3_endpoint,
        s3_region,
        bucket,
        s3_key,
        s3_secret,
    )?)))
}

/// Loads a programme into the log, built-in or from a folder, and brings the read models up to
/// date.
async fn load_seeds(config: &Config, folder: Option<&Path>) -> Result<seed::Loaded, TaskError> {
    let programme = seed::Programme::read(folder)?;
    let simulation = seed::Simulation::ending(clock::Clock::System.now());
    let opened = open(config, simulation.recorded_by(), simulation.clock()).await?;
    let loaded = seed::load(&opened.commands, &simulation, &programme).await?;
    // The first request should see the whole programme.
    let projector = Projector::open(opened.commands.log().clone()).await?;
    while projector.advance().await? {}
    opened.commands.log().store().close().await;
    Ok(loaded)
}

/// Loads the demonstration, prints sign-in links and tokens, and serves it.
async fn demo(config: Config, seeds: Option<&Path>) -> Result<(), TaskError> {
    let listener = bind(&config)?;
    let loaded = load_seeds(&config, seeds).await?;
    let opened = open(&config, RecordedBy::Database, Clock::System).await?;
    let tokens = Tokens::new(&opened.keys.token, config.organisation.as_str())?;
    let address = listener
        .local_addr()
        .map_err(|cause| TaskError::Listen(config.listen, cause))?;
    say!("{loaded}\n\nEverything in this log is illustrative.\n");
    say!(
        "The pages are at http://{address}/. Links to sign in with, each good once and for a day:\n"
    );
    for (title, person) in seed::Programme::read(seeds)?.signers_in(config.organisation.as_str()) {
        let invited = Invited {
            person,
            joins: None,
            minutes: 24 * 60,
            by_mail: false,
        };
        let link = links::offer(&opened.commands, invited).await?;
        say!("{title}\n  http://{address}/sign-in/{}\n", link.token);
    }
    say!("Tokens for the API, good for a day:\n");
    for (title, person) in seed::Programme::read(seeds)?.signers_in(config.organisation.as_str()) {
        let new = NewToken::by_operator(person, "demonstration", Duration::from_hours(24));
        say!(
            "{title}\n  {}\n",
            tokens
                .issue(&opened.commands, new, opened.commands.now())
                .await?
        );
    }
    say!("The API is at http://{address}/api/v1, its contract at http://{address}/openapi.yaml");
    say!("Try:  curl -H \"Authorization: Bearer TOKEN\" http://{address}/api/v1/budget\n");
    serve::run(&config, opened, listener, true).await
}

/// Registers a person, after founding the organisation if it does not exist, and names them as one
/// of the first people if roles are given.
async fn add_person(
    config: &Config,
    name: String,
    email: Option<String>,
    roles: Vec<Role>,
    organisation_name: &str,
) -> Result<(), TaskError> {
    let opened = open(config, RecordedBy::Database, Clock::System).await?;
    let commands = &opened.commands;
    let organisation = commands.organisation();
    if !commands
        .log()
        .refresh::<Organisation>(organisation.0)
        .await?
        .state
        .exists()
    {
        let name = organisation_name
            .parse()
            .map_err(|error| TaskError::Field("--organisation-name", format!("{error}")))?;
        let found = OrganisationCommand::Found(Found {
            name,
            simulated: None,
        });
        commands
            .issue(Request::new(
                Caller::operator(),
                Command::Organisation(organisation, found),
            ))
            .await?;
    }
    let details = serde_json::json!({ "name": name, "email": email });
    let details = serde_json::from_value(details)
        .map_err(|error| TaskError::Field("--name or --email", error.to_string()))?;
    let person = PersonId(clock::new_id());
    let register = Command::Person(person, PersonCommand::Register(details));
    commands
        .issue(Request::new(Caller::operator(), register))
        .await?;
    say!("{person}");
    if !roles.is_empty() {
        let founder = OrganisationCommand::NameFounder(NameFounder {
            person,
            roles: roles.into_iter().collect(),
        });
        commands
            .issue(Request::new(
                Caller::operator(),
                Command::Organisation(organisation, founder),
            ))
            .await?;
    }
    commands.log().store().close().await;
    Ok(())
}
