import { alarmMessage } from '../../../src/notifiers/alarm-text.js';
import { cutText } from '../../../src/notifiers/cut-text.js';
import { urlPlugin } from '../../../src/notifiers/http-plugin.js';

/** The chat refuses longer posts. */
const longestText = 4_000;

/** Type `chat`: the address is the URL of the chat's incoming webhook. Any 2xx is `sent`. Works without a section of its own. */
export const chatPlugin = urlPlugin('chat', [{ part: 'text', format: 'text' }], {
  messageOf: ({ alarm }, { text }) => {
    return { text: text === undefined ? alarmMessage(alarm, longestText) : cutText(text, longestText) };
  },
});
