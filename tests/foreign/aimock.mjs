// Starts aimock with the answers that the tests ask for, prints its address.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 8 });
mock.on(
  { userMessage: "write notes", hasToolResult: false },
  {
    content: "I will write it down.",
    toolCalls: [{ name: "write_file", arguments: { path: "notes.md", content: "# From aimock\n" } }],
  },
);
mock.on({ userMessage: "write notes", hasToolResult: true }, { content: "The notes are **written**." });
mock.on({ userMessage: "think" }, { content: "Forty-two.", reasoning: "Let me think about it." });
mock.on(
  { userMessage: "cut off" },
  { content: "word ".repeat(200) },
  { truncateAfterChunks: 20, latency: 15 },
);
mock.onMessage("connection was lost", { content: "and the rest." });
mock.on(
  { userMessage: "be limited" },
  { error: { message: "slow down", type: "rate_limit_error" }, status: 429 },
);
mock.onMessage("hello", { content: "Hello from aimock, 你好。" });
await mock.start();
console.log(mock.url);
