// A bot on @slack/bolt. `node bot.mjs socket|http`; addresses and tokens come from the environment.
import bolt from "@slack/bolt";

const { App, HTTPReceiver, LogLevel } = bolt;
const env = process.env;
const isSocket = process.argv[2] === "socket";

const app = new App({
  token: env.BOT_TOKEN,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: env.API_URL },
  ...(isSocket
    ? { socketMode: true, appToken: env.APP_TOKEN }
    : { receiver: new HTTPReceiver({ signingSecret: env.SIGNING_SECRET, logLevel: LogLevel.ERROR }) }),
});

app.command("/task", async ({ ack, command, client }) => {
  await ack(`Started ${command.text}`);
  await client.chat.postMessage({
    channel: command.channel_id,
    text: "Refund?",
    blocks: [
      {
        type: "actions",
        elements: [
          { type: "button", action_id: "approve", value: "42", text: { type: "plain_text", text: "Approve" } },
          { type: "button", action_id: "reject", value: "42", text: { type: "plain_text", text: "Reject" } },
        ],
      },
    ],
  });
});

app.action("approve", async ({ ack, body, respond }) => {
  await ack();
  await respond({ replace_original: true, text: `Approved by <@${body.user.id}>` });
});

app.action("reject", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "reason",
      private_metadata: `${body.channel.id} ${body.message.ts}`,
      title: { type: "plain_text", text: "Reject" },
      submit: { type: "plain_text", text: "Reject" },
      blocks: [
        {
          type: "input",
          block_id: "why",
          label: { type: "plain_text", text: "Why?" },
          element: { type: "plain_text_input", action_id: "text" },
        },
      ],
    },
  });
});

app.view("reason", async ({ ack, body, view, client }) => {
  const why = view.state.values.why.text.value;
  if (why.length < 5) {
    await ack({ response_action: "errors", errors: { why: "Say more." } });
    return;
  }
  await ack();
  const [channel, ts] = view.private_metadata.split(" ");
  await client.chat.update({ channel, ts, text: `Rejected by <@${body.user.id}>: ${why}` });
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: `Hello <@${event.user}>`, thread_ts: event.ts });
});

app.error(async (error) => console.error(error));

const server = await app.start(isSocket ? undefined : 0);
console.log(`ready ${isSocket ? "" : server.address().port}`);
