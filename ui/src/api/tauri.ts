/** The connection to the core in the app: the only file of the window that knows Tauri. */
import { Channel, convertFileSrc, invoke } from "@tauri-apps/api/core";

import type { ApiError } from "./bindings";
import type { Connection } from "./core";

type Message = { value: never } | { error: ApiError };

export const tauri: Connection = {
  call: (operation, input) => invoke("call", { operation, input }),
  subscribe: (subscription, input, next, failed) => {
    const id = crypto.randomUUID();
    let isOpen = true;
    const messages = new Channel<Message>();
    messages.onmessage = (message) => {
      if (!isOpen) return;
      if ("error" in message) failed(message.error);
      else next(message.value);
    };
    void invoke("subscribe", { id, subscription, input, messages });
    return () => {
      if (isOpen) void invoke("unsubscribe", { id });
      isOpen = false;
    };
  },
  // On Windows a custom scheme is served as http://thumb.localhost; Tauri knows the difference.
  pixelUrl: (image, edge) => `${convertFileSrc("", "thumb")}${String(image)}/${String(edge)}`,
};
