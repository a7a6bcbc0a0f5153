//! Typing: passes by, is not kept, and is dropped without a word where there is too much of it.

use crate::Chat;
use crate::account::Actor;
use crate::error::Result;
use crate::event::Signal;
use crate::ids::RoomId;
use crate::rates::Action;

impl Chat {
    /// Tells the room that the actor began or stopped to type. Only members can.
    pub async fn typing(&self, actor: &Actor, room: RoomId, on: bool) -> Result<()> {
        if self.rates.admit(Action::Typing, actor.id()).is_err() {
            return Ok(());
        }
        self.membership_of(actor, room).await?;
        let person = actor.person.clone();
        self.ports.bus.publish_signal(Signal::Typing { room, person, on }).await;
        Ok(())
    }
}
