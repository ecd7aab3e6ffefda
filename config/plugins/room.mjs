// A notifier of our own: type `room` posts to a chat room, whose API wants {"room": …, "text": …} and a token of ours.
// In notification.yaml: notification_types: {plugins: [./plugins/room.mjs], room: {url: https://rooms.example.com, token_file: /etc/mon/room}}

export default ({ apiPlugin, speechOf, below, alarmMessage, cutText, receiptOf2xx, refusal, DeliveryError }) =>
  apiPlugin({
    type: 'room',
    url: { default: undefined, description: 'base URL of the chat' },
    covers: 'one message',
    keys: [{ key: 'token', type: 'secret', default: undefined, description: 'token of the bot' }],
    needs: ['url', 'token'],
    parts: [{ part: 'text', format: 'text' }], // templates.room.text
    speak: (url, section) =>
      speechOf({
        destinationOf: () => url.host,
        messageOf: ({ alarm }, { text }) => ({
          text: text === undefined ? alarmMessage(alarm, 4000) : cutText(text, 4000),
        }),
        requestOf({ method }, message) {
          const room = method.address.reveal().trim();
          if (!/^[a-z0-9-]{1,60}$/.test(room)) {
            throw new DeliveryError('the method’s address is no room', { failure: 'bad_address', retriable: false });
          }
          const headers = { authorization: `Bearer ${section.text('token')}` };
          return { url: below(url, 'v1/messages'), headers, body: JSON.stringify({ room, ...message }) };
        },
        receiptOf(host, answer) {
          if (answer.status === 401) throw refusal(host, answer, 'notification_types.room.token');
          return receiptOf2xx(host, answer);
        },
      }),
  });
