//! Messages of STUN: which of them a packet is, and the answers that are made here.

use std::net::SocketAddr;

use stun::{
    error_code::{ErrorCode, ErrorCodeAttribute},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{
        BINDING_SUCCESS, CLASS_ERROR_RESPONSE, CLASS_INDICATION, CLASS_REQUEST, Message, MessageType, Setter,
    },
    xoraddr::XorMappedAddress,
};
use turn::proto::chandata::ChannelData;

/// What comes from a client.
pub(super) enum Packet {
    /// Data for a peer, in whichever form: its rate is judged where it goes on.
    Data,
    Request(Message),
}

impl Packet {
    /// None where it is neither STUN nor TURN.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        if ChannelData::is_channel_data(packet) {
            return Some(Self::Data);
        }
        if !stun::message::is_message(packet) {
            return None;
        }
        let mut message = Message { raw: packet.to_vec(), ..Message::default() };
        message.decode().ok()?;
        match message.typ.class {
            CLASS_INDICATION => Some(Self::Data),
            CLASS_REQUEST => Some(Self::Request(message)),
            _ => None,
        }
    }
}

/// The answer to a Binding request.
pub(super) fn told_address(request: &Message, from: SocketAddr) -> Result<Vec<u8>, stun::Error> {
    let mapped = XorMappedAddress { ip: from.ip(), port: from.port() };
    let attributes: [Box<dyn Setter>; 2] = [Box::new(mapped), Box::new(FINGERPRINT)];
    answer(request, BINDING_SUCCESS, attributes)
}

/// Says no, with the key of whoever has one.
pub(super) fn refused(
    request: &Message,
    code: ErrorCode,
    integrity: Option<MessageIntegrity>,
) -> Result<Vec<u8>, stun::Error> {
    let kind = MessageType::new(request.typ.method, CLASS_ERROR_RESPONSE);
    let code: Box<dyn Setter> = Box::new(ErrorCodeAttribute { code, reason: Vec::new() });
    let integrity = integrity.map(|integrity| Box::new(integrity) as Box<dyn Setter>);
    answer(request, kind, [code].into_iter().chain(integrity))
}

fn answer(
    request: &Message,
    kind: MessageType,
    attributes: impl IntoIterator<Item = Box<dyn Setter>>,
) -> Result<Vec<u8>, stun::Error> {
    let head = Message { transaction_id: request.transaction_id, ..Message::default() };
    let mut setters: Vec<Box<dyn Setter>> = vec![Box::new(head), Box::new(kind)];
    setters.extend(attributes);
    let mut answer = Message::new();
    answer.build(&setters)?;
    Ok(answer.raw)
}
