//! Parses arguments and environment, and runs the task that they name.

use std::process::ExitCode;

use clap::Parser as _;
use microgrants::config::{Cli, LogFormat, Task};

fn main() -> ExitCode {
    microgrants::cli::close_what_is_made();
    let Cli { config, command } = Cli::parse();
    // Refusals are answers, not incidents; what was typed does not belong in a log; and a request
    // that is broken is nobody's fault here.
    let quiet = "warn,tracing_actix_web=off,actix_http=off,microgrants=info";
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| quiet.into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    let done = match command.unwrap_or(Task::Serve) {
        // Alone on one thread: each further one would take room that is for the upload.
        Task::ReadUpload { upload } => microgrants::cli::read_upload(upload),
        task => actix_web::rt::System::with_tokio_rt(runtime)
            .block_on(microgrants::cli::run(config, task)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("microgrants: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// The writer and the followers run on threads of their own, beside those that serve.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be started")
}
