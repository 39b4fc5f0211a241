//! Tasks of the command line: serving, the demonstration, tokens, keys, backups, audits, imports
//! and exports.

/// Prints a line to standard output and ignores errors: if the reader has closed the pipe, as
/// `head` does, the task still runs to its exit code.
macro_rules! print_line {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod audit;
mod audit_reports;
mod backup;
mod crash_loop;
mod explain_barrier;
mod explain_gathering;
mod explain_introduction;
mod export;
mod file_permissions;
mod folder_verdict;
mod import;
mod operator;
mod read_upload;
mod replay;
mod rotation;
mod serve;

use std::net::TcpListener;
use std::path::Path;

use crate::auth::tokens::TokenError;
use crate::bank::LayoutError;
use crate::bank::modulus_check::{ModulusError, ModulusTables};
use crate::clock::{self, Clock};
use crate::commands::{Caller, CommandError, CommandRequest, Commands};
use crate::config::{Config, PeopleTask, Task};
use crate::crypto::keys::{KeyError, Keys};
use crate::crypto::vault::Vault;
use crate::demo::{self, SeedError};
use crate::domain::organisation::{FoundOrganisation, NameFounder};
use crate::domain::{Command, Organisation, OrganisationCommand, PersonCommand, PersonId, Role};
use crate::eventlog::{Log, LogError, TimestampSource};
use crate::export::open_data::PlacesError;
use crate::files::{Bucket, BucketError, FileStore};
use crate::http;
use crate::http::DemoAccount;
use crate::mail::{MailError, MailTransportError};
use crate::projections::{self, ProjectionError, Projector};
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError};
use crate::transparency;
use crate::transparency::checkpoint_signer::{CheckpointSigner, SigningError};
use crate::views::ViewError;
use crate::webhooks::WebhookError;
pub use file_permissions::restrict_new_files;
use operator::OperatorRequest;
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
    MailTransport(#[from] MailTransportError),
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
    ProgramPath(std::io::Error),
    #[error("the upload was not read: {0}")]
    Upload(std::io::Error),
    #[error(transparent)]
    Export(#[from] crate::audit::ExportError),
    #[error(transparent)]
    Seal(#[from] SigningError),
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    #[error(transparent)]
    Restore(#[from] crate::backup::RestoreError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error("the bank's layout in {0}: {1}")]
    BankLayout(String, LayoutError),
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
    InvalidArgument(&'static str, String),
    /// Error message of the running service, which was asked over its socket.
    #[error("{0}")]
    RefusedByService(String),
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
struct OpenedOrganisation {
    keys: Keys,
    commands: Commands,
}

impl OpenedOrganisation {
    /// The checkpoint signer. A log without a checkpoint gets a new unique origin.
    fn checkpoint_signer(&self) -> CheckpointSigner {
        let log = self.commands.log().clone();
        let origin = transparency::origin_name(log.organisation(), clock::new_id());
        CheckpointSigner::new(log, self.keys.checkpoint.secret, &origin)
    }
}

/// Runs one task to its end.
pub async fn run(config: Config, task: Task) -> Result<(), TaskError> {
    match task {
        Task::Serve => serve(&config).await,
        Task::Demo { seeds } => demo(config, seeds.as_deref()).await,
        Task::Seed { folder } => {
            let loaded = load_seeds(&config, Some(&folder)).await?;
            print_line!("{loaded}");
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
            let request = OperatorRequest::Token {
                person,
                name,
                roles,
                minutes,
            };
            ask_operator(&config, request).await
        }
        Task::Link { person, minutes } => {
            ask_operator(&config, OperatorRequest::Link { person, minutes }).await
        }
        Task::EndAccess { person } => {
            ask_operator(&config, OperatorRequest::EndAccess { person }).await
        }
        Task::Audit { task } => audit::run(&config, task).await,
        Task::RotateKek => rotation::rotate_kek(&config).await,
        Task::RotateToken => rotation::rotate_token(&config).await,
        Task::RotateSeal => rotation::rotate_checkpoint_key(&config).await,
        Task::Backup { folder } => backup::create(&config, &folder).await,
        Task::Restore {
            folder,
            head,
            new_origin,
            accept_unsealed,
        } => {
            let head = head.as_deref();
            backup::restore(&config, &folder, head, new_origin, accept_unsealed).await
        }
        Task::Import {
            kind,
            file,
            by,
            dry_run,
        } => import::run(&config, kind, &file, by, dry_run).await,
        Task::ReadUpload { upload } => read_upload(upload),
        Task::Export { task } => export::run(&config, task).await,
        Task::Openapi => {
            print!("{}", http::openapi_yaml());
            Ok(())
        }
        Task::Rebuild { projection } => rebuild(&config, projection).await,
        Task::Migrate => migrate(&config).await,
    }
}

async fn migrate(config: &Config) -> Result<(), TaskError> {
    Store::open(&config.database_url).await?.close().await;
    print_line!("the database is up to date");
    Ok(())
}

async fn serve(config: &Config) -> Result<(), TaskError> {
    let listener = bind(config)?;
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    serve::run(config, opened, listener, None).await
}

/// Executes a request of the operator, and prints the reply.
async fn ask_operator(config: &Config, request: OperatorRequest) -> Result<(), TaskError> {
    print_line!("{}", operator::run(config, request).await?);
    Ok(())
}

/// Rebuilds the named projection, or all.
async fn rebuild(config: &Config, projection: Option<String>) -> Result<(), TaskError> {
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let projector = Projector::open(opened.commands.log().clone()).await?;
    let names = projection.map_or_else(
        || projections::names().map(str::to_owned).collect(),
        |name| vec![name],
    );
    for name in names {
        print_line!("{name}: generation {}", projector.rebuild(&name).await?);
    }
    Ok(())
}

/// Opens the database, the keys, the log and the commands. An SQLite database is locked by its
/// process, so this fails with [`StoreError::Locked`] while a service has it open.
async fn open_organisation(
    config: &Config,
    recorded_by: TimestampSource,
    clock: Clock,
) -> Result<OpenedOrganisation, TaskError> {
    file_permissions::restrict_existing_files(config);
    let store = Store::open(&config.database_url).await?;
    let keys = Keys::load(&store, &config.keys).await?;
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
        .map(ModulusTables::read)
        .transpose()?;
    Ok(OpenedOrganisation {
        keys,
        commands: Commands::new(log, clock).with_account_checks(modulus),
    })
}

fn bind(config: &Config) -> Result<TcpListener, TaskError> {
    TcpListener::bind(config.listen).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AddrInUse => TaskError::AddressInUse(config.listen),
        _ => TaskError::Listen(config.listen, cause),
    })
}

/// The configured store of files: an S3 bucket or a folder.
fn file_store(config: &Config) -> Result<FileStore, TaskError> {
    let Some(bucket) = config.files.strip_prefix("s3://") else {
        return Ok(FileStore::in_folder(config.files.as_str().into()));
    };
    let Config {
        s3_endpoint,
        s3_region,
        s3_key,
        s3_secret,
        ..
    } = config;
    Ok(FileStore::Bucket(Box::new(Bucket::new(
        s3_endpoint,
        s3_region,
        bucket,
        s3_key,
        s3_secret,
    )?)))
}

/// Loads a programme into the log, built-in or from a folder, and brings the read models up to
/// date.
async fn load_seeds(
    config: &Config,
    folder: Option<&Path>,
) -> Result<demo::DemoSummary, TaskError> {
    let programme = demo::DemoProgramme::read(folder)?;
    let simulation = demo::Simulation::ending(clock::Clock::System.now());
    let opened = open_organisation(config, simulation.recorded_by(), simulation.clock()).await?;
    let files = file_store(config)?;
    let sandbox = Sandbox::with_current_exe().map_err(TaskError::ProgramPath)?;
    let loaded = demo::load(
        &opened.commands,
        (&files, &sandbox),
        &simulation,
        &programme,
    )
    .await?;
    // The first request should see the whole programme.
    let projector = Projector::open(opened.commands.log().clone()).await?;
    while projector.advance().await? {}
    opened.commands.log().store().close().await;
    Ok(loaded)
}

/// Loads the demonstration, prints where it is, and serves it.
async fn demo(config: Config, seeds: Option<&Path>) -> Result<(), TaskError> {
    let listener = bind(&config)?;
    let loaded = load_seeds(&config, seeds).await?;
    let opened = open_organisation(&config, TimestampSource::Database, Clock::System).await?;
    let address = listener
        .local_addr()
        .map_err(|cause| TaskError::Listen(config.listen, cause))?;
    print_line!(
        "{loaded}\n\nEverything in it is made up. Open http://{address}/demo and become one of its \
            people."
    );
    let accounts = demo::DemoProgramme::read(seeds)?
        .demo_accounts(config.organisation.as_str())
        .into_iter()
        .map(|(name, about, person)| DemoAccount {
            person,
            name,
            about,
        })
        .collect();
    serve::run(&config, opened, listener, Some(accounts)).await
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
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let commands = &opened.commands;
    let organisation = commands.organisation();
    if !commands
        .log()
        .refresh::<Organisation>(organisation.0)
        .await?
        .state
        .exists()
    {
        let name = organisation_name.parse().map_err(|error| {
            TaskError::InvalidArgument("--organisation-name", format!("{error}"))
        })?;
        let found = OrganisationCommand::Found(FoundOrganisation {
            name,
            simulated: None,
        });
        commands
            .execute(CommandRequest::new(
                Caller::operator(),
                Command::Organisation(organisation, found),
            ))
            .await?;
    }
    let details = serde_json::json!({ "name": name, "email": email });
    let details = serde_json::from_value(details)
        .map_err(|error| TaskError::InvalidArgument("--name or --email", error.to_string()))?;
    let person = PersonId(clock::new_id());
    let register = Command::Person(person, PersonCommand::Register(details));
    commands
        .execute(CommandRequest::new(Caller::operator(), register))
        .await?;
    print_line!("{person}");
    if !roles.is_empty() {
        let founder = OrganisationCommand::NameFounder(NameFounder {
            person,
            roles: roles.into_iter().collect(),
        });
        commands
            .execute(CommandRequest::new(
                Caller::operator(),
                Command::Organisation(organisation, founder),
            ))
            .await?;
    }
    commands.log().store().close().await;
    Ok(())
}
