//! How mails leave the service: what the operator's configuration sets, and otherwise what the
//! organisation's settings say. A change of the settings takes effect with the next mail.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::{Composer, MailError, MailTransport, MailTransportError, Mailer, passwords};
use crate::commands::Commands;
use crate::domain::Organisation;
use crate::domain::organisation::Sending;
use crate::eventlog::LogError;

/// How old the address of the settings may be that pages compare with that of a request.
const ADDRESS_MAX_AGE: Duration = Duration::from_secs(5);

/// What the operator's configuration sets. The settings do not change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetByOperator {
    pub server: bool,
    pub sender: bool,
    pub address: bool,
}

impl SetByOperator {
    /// A demonstration: its visitors must not change how it sends mails.
    pub const ALL: Self = Self {
        server: true,
        sender: true,
        address: true,
    };

    /// The part of the organisation's settings that is in force.
    #[must_use]
    pub fn in_force(self, entered: Option<&Sending>) -> Sending {
        let entered = entered.cloned().unwrap_or_default();
        Sending {
            server: entered.server.filter(|_| !self.server),
            sender: entered.sender.filter(|_| !self.sender),
            address: entered.address.filter(|_| !self.address),
        }
    }

    /// The public address of the pages: that of the settings, or `otherwise`, that of the
    /// configuration.
    pub async fn public_address(
        self,
        commands: &Commands,
        otherwise: &str,
    ) -> Result<String, LogError> {
        let address = self.load(commands).await?.address;
        Ok(address.map_or_else(|| otherwise.to_owned(), String::from))
    }

    /// The address that administrators entered, if it is in force. It can be some seconds old.
    pub async fn entered_address(self, commands: &Commands) -> Result<Option<String>, LogError> {
        if self.address {
            return Ok(None);
        }
        let organisation = commands.organisation().0;
        let known = commands
            .log()
            .load_recent::<Organisation>(organisation, ADDRESS_MAX_AGE)
            .await?;
        let sending = self.in_force(known.state.sending());
        Ok(sending.address.map(String::from))
    }

    async fn load(self, commands: &Commands) -> Result<Sending, LogError> {
        let organisation = commands.organisation().0;
        let known = commands.log().refresh::<Organisation>(organisation).await?;
        Ok(self.in_force(known.state.sending()))
    }
}

/// The transport that was made for the settings, with these settings.
pub(super) type TransportOfSettings = Arc<Mutex<Option<(Sending, MailTransport)>>>;

impl Mailer {
    /// Says what the operator's configuration sets.
    #[must_use]
    pub fn configured_as(mut self, set: SetByOperator) -> Self {
        self.set_by_operator = set;
        self
    }

    /// The composer, with the present address of the service.
    pub(super) async fn present_composer(&self) -> Result<Composer, MailError> {
        let address = self
            .set_by_operator
            .public_address(&self.commands, &self.composer.address)
            .await?;
        Ok(Composer {
            address,
            ..self.composer.clone()
        })
    }

    /// The transport in force. It is made again when the settings have changed.
    pub(super) async fn present_transport(&self) -> Result<MailTransport, MailError> {
        let sending = self.set_by_operator.load(&self.commands).await?;
        let mut made = self.transport_of_settings.lock().await;
        if let Some((of, transport)) = made.as_ref()
            && *of == sending
        {
            return Ok(transport.clone());
        }
        let transport = self.transport_for(&sending).await?;
        *made = Some((sending, transport.clone()));
        Ok(transport)
    }

    async fn transport_for(&self, sending: &Sending) -> Result<MailTransport, MailError> {
        let transport = match &sending.server {
            None => self.transport.clone(),
            Some(server) => {
                let password = passwords::find(&self.commands, server).await?;
                if server.password.is_some() && password.is_none() {
                    return Err(MailTransportError::NoPassword.into());
                }
                self.transport.clone().through(server, password)?
            }
        };
        Ok(match &sending.sender {
            None => transport,
            Some(sender) => transport.sent_by(sender)?,
        })
    }
}
