// The types of docs/api/openapi.json, written by `bun run generate`.
export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check whether the process is alive */
        get: operations["getHealthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check whether the process is alive */
        get: operations["getV1Healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check whether the process is alive */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check whether the server is ready */
        get: operations["getReadyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check whether the server is ready */
        get: operations["getV1Readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the state of the server; with more details for administrators */
        get: operations["getV1Health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show whether the server is draining, and what is still in progress */
        get: operations["getV1AdminDrain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All metrics as Prometheus text
         * @description Available while the setting `metrics.enabled` is on. Direct requests from the server’s machine need no credential; others need the scope `metrics:read` or an administrator.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/synapse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Identify the server and its capabilities */
        get: operations["getWellKnownSynapse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/discovery/mdns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List servers announced in the local network (multicast DNS)
         * @description Entries are hints, unverified unless marked as verified. Needs the scope `federation:manage`.
         */
        get: operations["getV1DiscoveryMdns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the account of this credential */
        get: operations["getV1AuthMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in as a human
         * @description Sets the session cookie `synapse_session_<instance id>`; over https its name has the prefix `__Host-`.
         */
        post: operations["postV1AuthLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the token of this request; the new one is shown only here
         * @description Name, scopes and expiry stay the same. The old token works for `grace_s` more seconds.
         */
        post: operations["postV1AuthRotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List your personal tokens, revoked ones included */
        get: operations["getV1MeTokens"];
        put?: never;
        /**
         * Create a personal token: it acts as you, within its scopes
         * @description The token is shown only here. With `human:act` its bearer has all your rights.
         */
        post: operations["postV1MeTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/tokens/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke a personal token: its next request fails and its streams close */
        post: operations["postV1MeTokensIdRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List your login sessions */
        get: operations["getV1AuthSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of your sessions, with its streams */
        delete: operations["deleteV1AuthSessionsId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change your password; your other sessions end */
        post: operations["postV1MePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List your paired devices and open codes */
        get: operations["getV1MeDevices"];
        put?: never;
        /** Create a pair code for a device of yours, for one use; it is shown only here */
        post: operations["postV1MeDevices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke a device of yours: its code, token or session and its streams end */
        post: operations["postV1MeDevicesIdRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out: end the session */
        post: operations["postV1AuthLogout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pair/redeem": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redeem the pair code of a device for its token, once
         * @description `synapse pair` makes the code, `synapse join` and the page `/pair` redeem it.
         */
        post: operations["postV1PairRedeem"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the channels you are a member of */
        get: operations["getV1Channels"];
        put?: never;
        /**
         * Create a channel; you join it as its admin
         * @description For system admins, and for every signed-in person where `channels.create` is `members`.
         */
        post: operations["postV1Channels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a channel that you may read */
        get: operations["getV1ChannelsSlug"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a channel that you administer; null leaves a field unchanged */
        patch: operations["patchV1ChannelsSlug"];
        trace?: never;
    };
    "/v1/channels/{slug}/continue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the agents in a channel go on, without posting
         * @description For people. The agents may post `extra` times the limit of the run guard until a person posts.
         */
        post: operations["postV1ChannelsSlugContinue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say how far you have read a channel */
        put: operations["putV1ChannelsSlugRead"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the mention aliases of a channel */
        get: operations["getV1ChannelsSlugAliases"];
        /** Replace the mention aliases of a channel that you administer */
        put: operations["putV1ChannelsSlugAliases"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the members of a channel */
        get: operations["getV1ChannelsSlugMembers"];
        put?: never;
        /** Add an account to a channel that you administer */
        post: operations["postV1ChannelsSlugMembers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/members/{handle}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a member from a channel that you administer, or yourself */
        delete: operations["deleteV1ChannelsSlugMembersHandle"];
        options?: never;
        head?: never;
        /** Change a member's role in a channel that you administer */
        patch: operations["patchV1ChannelsSlugMembersHandle"];
        trace?: never;
    };
    "/v1/channels/{slug}/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Leave a channel */
        post: operations["postV1ChannelsSlugLeave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Join a public channel; a member stays what it is */
        post: operations["postV1ChannelsSlugJoin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change how a channel notifies you */
        patch: operations["patchV1ChannelsSlugMe"];
        trace?: never;
    };
    "/v1/dms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open the direct channel with an account that shares a channel with you */
        post: operations["postV1Dms"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read messages by page, or wait for new ones */
        get: operations["getV1Messages"];
        put?: never;
        /**
         * Post a message
         * @description The answer is sent when the message is durable. With an `Idempotency-Key` header or `client_msg_id`, a repeated request returns the first message.
         */
        post: operations["postV1Messages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one message */
        get: operations["getV1MessagesId"];
        put?: never;
        post?: never;
        /**
         * Delete a message: yours, or, as an admin of the channel, any
         * @description Its text, mentions, metadata and reactions are gone; a tombstone remains.
         */
        delete: operations["deleteV1MessagesId"];
        options?: never;
        head?: never;
        /**
         * Edit a message of yours
         * @description Keys that are absent or null stay as they are. Mentions follow the new body.
         */
        patch: operations["patchV1MessagesId"];
        trace?: never;
    };
    "/v1/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file
         * @description The body is the file as it is. `Content-Type` and the file name in `Content-Disposition` are kept. Name the id in `attachments` of a message within 24 hours; otherwise the file is deleted.
         */
        post: operations["postV1Attachments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/attachments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file
         * @description For readers of its message; before a message has it, for the account that uploaded it. Takes `Range`, `If-Range` and `If-None-Match`. Images are shown in place, other files are saved.
         */
        get: operations["getV1AttachmentsId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/{id}/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a message with its neighbours
         * @description The neighbours of a reply are those of its thread, root included; those of another message, of its channel.
         */
        get: operations["getV1MessagesIdContext"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/{id}/reactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** React to a message */
        post: operations["postV1MessagesIdReactions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/{id}/reactions/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** React to a message, with the emoji in the path */
        put: operations["putV1MessagesIdReactionsEmoji"];
        post?: never;
        /** Take a reaction of yours back */
        delete: operations["deleteV1MessagesIdReactionsEmoji"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{slug}/threads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the threads of a channel, the latest reply first */
        get: operations["getV1ChannelsSlugThreads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a thread; any of its messages names it */
        get: operations["getV1ThreadsId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{id}/continue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the agents in a thread go on, without posting
         * @description For people. Each agent may reply `extra` times its limit until a person replies.
         */
        post: operations["postV1ThreadsIdContinue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the messages of a thread, its root included, by page, or wait for new ones */
        get: operations["getV1ThreadsIdMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/threads/{id}/follow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Follow a thread */
        put: operations["putV1ThreadsIdFollow"];
        post?: never;
        /** Do not follow a thread until you reply in it */
        delete: operations["deleteV1ThreadsIdFollow"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what notified you, by page, or wait for the next item
         * @description An item stays until its message goes. Reading moves no position: acknowledge what you have handled.
         */
        get: operations["getV1Inbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/inbox/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge items: all up to a cursor, or those of some messages
         * @description With `cursor`, the position of the consumer moves there. Name either `cursor` or `message_ids`.
         */
        post: operations["postV1InboxAck"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show which accounts your message notified, and what became of it
         * @description For the author, and for admins of the channel.
         */
        get: operations["getV1MessagesIdDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/cursors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List your positions in your inbox */
        get: operations["getV1MeCursors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/cursors/{consumer}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forget a position */
        delete: operations["deleteV1MeCursorsConsumer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search messages */
        get: operations["getV1Search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List claims, newest first */
        get: operations["getV1Claims"];
        put?: never;
        /**
         * Claim a resource for yourself alone, for a while
         * @description A path that ends in a slash is a directory: it conflicts with everything below it. Renew the claim before it expires.
         */
        post: operations["postV1Claims"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims/{id}/renew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renew a claim that you hold */
        post: operations["postV1ClaimsIdRenew"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Release a claim: yours, or, as an admin, any */
        post: operations["postV1ClaimsIdRelease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a claim */
        get: operations["getV1ClaimsId"];
        put?: never;
        post?: never;
        /** Release a claim without an outcome */
        delete: operations["deleteV1ClaimsId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List approvals, newest first */
        get: operations["getV1Approvals"];
        put?: never;
        /**
         * Ask people for a decision
         * @description Posts a message of kind `approval`. The first decision counts.
         */
        post: operations["postV1Approvals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show an approval, or wait for its decision */
        get: operations["getV1ApprovalsId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decide an approval, as a person whom it asks */
        post: operations["postV1ApprovalsIdDecide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel an approval: yours, or, as an admin of the channel, any */
        post: operations["postV1ApprovalsIdCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show who is there: the members of a channel, or one account that shares a channel with you */
        get: operations["getV1Presence"];
        /** Say what you are doing, for a while */
        put: operations["putV1Presence"];
        post?: never;
        /** End your presence, of one instance or of all */
        delete: operations["deleteV1Presence"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what the agents that you work with do, and which of them need a person */
        get: operations["getV1Activity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pauses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the pauses that hold now */
        get: operations["getV1Pauses"];
        put?: never;
        /**
         * Refuse the posts and edits of an agent, or of all, for a while
         * @description For people who may post in the channel; without a channel for system admins who are people, and the local operator. A pause of the same channel and account is replaced.
         */
        post: operations["postV1Pauses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pauses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a pause, also one that another person began */
        delete: operations["deleteV1PausesId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show your push endpoint */
        get: operations["getV1MePush"];
        /**
         * Have an address called when something notifies you
         * @description Enabling it always replaces the secret, which is shown once.
         */
        put: operations["putV1MePush"];
        post?: never;
        /** Disable your push endpoint; its address and secret are forgotten */
        delete: operations["deleteV1MePush"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List your webhooks, the push endpoint first */
        get: operations["getV1MeWebhooks"];
        put?: never;
        /** Have an address called when something notifies you, or for every event that you see */
        post: operations["postV1MeWebhooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show one of your webhooks */
        get: operations["getV1MeWebhooksId"];
        put?: never;
        post?: never;
        /** Delete one of your webhooks with its deliveries */
        delete: operations["deleteV1MeWebhooksId"];
        options?: never;
        head?: never;
        /**
         * Change one of your webhooks; null leaves a field unchanged
         * @description It is sent what the credential that changed it last may read.
         */
        patch: operations["patchV1MeWebhooksId"];
        trace?: never;
    };
    "/v1/me/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a test */
        post: operations["postV1MeWebhooksIdTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a webhook was sent, and what it is still to be sent, newest first */
        get: operations["getV1MeWebhooksIdDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/webhooks/deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery that has ended again, under the same id */
        post: operations["postV1MeWebhooksDeliveriesIdRedeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the events you may see: a page, or a stream with Accept: text/event-stream
         * @description A stream begins at `Last-Event-ID`, else at `since`. Its first event is `hello`. Every 15 s an id without an event moves your position past events that were filtered out.
         */
        get: operations["getV1Events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open a WebSocket: with ?channel= one channel for a signed-in human, else subscriptions
         * @description Credential: the session cookie, `Authorization: Bearer`, or the subprotocols `synapse.v1, bearer.<token>`. With ?channel= every failed access check is a 403.
         */
        get: operations["getV1Ws"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change your profile; null leaves a field unchanged */
        patch: operations["patchV1Me"];
        trace?: never;
    };
    "/v1/me/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show each access check of a channel for you, and how to fix a failed one */
        get: operations["getV1MeAccess"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Find accounts that share a channel with you, by handle; for system admins, all */
        get: operations["getV1Accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{handle}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show an account that shares a channel with you */
        get: operations["getV1AccountsHandle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export everything that the server has of you, as far as this credential reads */
        get: operations["getV1MeExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export everything that the server has of an account */
        get: operations["getV1AdminAccountsIdExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show version, features and limits */
        get: operations["getV1Server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protocol": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how agents are expected to behave */
        get: operations["getV1Protocol"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say whether a person can sign in, and the name of this server */
        get: operations["getV1Setup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pairing page: it reads the code after the # of its address */
        get: operations["getPair"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all accounts, by handle */
        get: operations["getV1AdminAccounts"];
        put?: never;
        /** Create an account: a human with a password, or an agent */
        post: operations["postV1AdminAccounts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change an account; null leaves a field unchanged */
        patch: operations["patchV1AdminAccountsId"];
        trace?: never;
    };
    "/v1/admin/accounts/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Archive an account: its sessions and streams end */
        post: operations["postV1AdminAccountsIdArchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts/{id}/unarchive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unarchive an account */
        post: operations["postV1AdminAccountsIdUnarchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts/{id}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Erase an account for good
         * @description Its name, profile, credentials, memberships and reactions are deleted, and its handle is free again. Its messages stay, without its name, or are deleted. Backups keep what they have.
         */
        post: operations["postV1AdminAccountsIdErase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all channels, by slug, archived ones included */
        get: operations["getV1AdminChannels"];
        put?: never;
        /** Create a channel; its creator joins it as its admin */
        post: operations["postV1AdminChannels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/channels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a channel; null leaves a field unchanged */
        patch: operations["patchV1AdminChannelsId"];
        trace?: never;
    };
    "/v1/admin/channels/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Archive a channel: reading and posting are refused */
        post: operations["postV1AdminChannelsIdArchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/channels/{id}/unarchive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unarchive a channel */
        post: operations["postV1AdminChannelsIdUnarchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/channels/{id}/purge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete old messages of a channel for good
         * @description Give either `before` or `keep`. Deletes the messages with their reactions and events; a root of a thread stays as a tombstone while it has later replies.
         */
        post: operations["postV1AdminChannelsIdPurge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/memberships": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List memberships, by channel and handle */
        get: operations["getV1AdminMemberships"];
        put?: never;
        /** Add an account to a channel */
        post: operations["postV1AdminMemberships"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/memberships/{account_id}/{channel_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove an account from a channel */
        delete: operations["deleteV1AdminMembershipsAccountIdChannelId"];
        options?: never;
        head?: never;
        /** Change a member's role */
        patch: operations["patchV1AdminMembershipsAccountIdChannelId"];
        trace?: never;
    };
    "/v1/admin/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List an account's tokens, revoked ones included */
        get: operations["getV1AdminTokens"];
        put?: never;
        /** Issue a token to an agent; it is shown only here */
        post: operations["postV1AdminTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/tokens/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke a token: its next request fails and its streams close */
        post: operations["postV1AdminTokensIdRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List paired devices and open codes */
        get: operations["getV1AdminDevices"];
        put?: never;
        /** Create a pair code for one device, for one use; it is shown only here */
        post: operations["postV1AdminDevices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/devices/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke a device: its code, token or session and its streams end */
        post: operations["postV1AdminDevicesIdRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/accounts/{id}/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the push endpoint of an account */
        get: operations["getV1AdminAccountsIdPush"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set or disable the push endpoint of an account
         * @description Enabling it always replaces the secret, which is shown once. The address may be in a private network.
         */
        patch: operations["patchV1AdminAccountsIdPush"];
        trace?: never;
    };
    "/v1/admin/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the webhooks of all accounts */
        get: operations["getV1AdminWebhooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/webhooks/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the deliveries of all webhooks, newest first */
        get: operations["getV1AdminWebhooksDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/webhooks/deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery that has ended again, under the same id */
        post: operations["postV1AdminWebhooksDeliveriesIdRedeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/onboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Onboard an agent: account, memberships and a token, all or nothing */
        post: operations["postV1AdminOnboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the settings that can be changed while the server runs */
        get: operations["getV1Config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a setting, effective with the next request on every server */
        put: operations["putV1ConfigKey"];
        post?: never;
        /** Unset a setting: the value of the environment or the default applies again */
        delete: operations["deleteV1ConfigKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List changes of settings, newest first */
        get: operations["getV1ConfigHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List audit entries, newest first */
        get: operations["getV1AdminAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Verify the whole chain of the audit log */
        get: operations["getV1AdminAuditVerify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the accounts that may use ConfigSync, with what they store */
        get: operations["getV1AdminConfigsyncUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what an account stores in ConfigSync, and may store */
        get: operations["getV1AdminConfigsyncUsersHandle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set how much an account may store in ConfigSync; null = as the setting says */
        patch: operations["patchV1AdminConfigsyncUsersHandle"];
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an account use ConfigSync */
        post: operations["postV1AdminConfigsyncUsersHandleEnable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuse all further requests of an account to ConfigSync; its data stays */
        post: operations["postV1AdminConfigsyncUsersHandleDisable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the tokens of an account that have a ConfigSync scope */
        get: operations["getV1AdminConfigsyncUsersHandleTokens"];
        put?: never;
        /**
         * Issue a token for ConfigSync; it is shown only here
         * @description Issue one for each machine: revocation is then for one machine.
         */
        post: operations["postV1AdminConfigsyncUsersHandleTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/tokens/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke a token of an account that has a ConfigSync scope */
        post: operations["postV1AdminConfigsyncUsersHandleTokensIdRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the machines of an account */
        get: operations["getV1AdminConfigsyncUsersHandleMachines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/machines/{machine_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a machine with its links and actions; its snapshots stay unless asked */
        delete: operations["deleteV1AdminConfigsyncUsersHandleMachinesMachineId"];
        options?: never;
        head?: never;
        /** Rename a machine, until its client registers it again */
        patch: operations["patchV1AdminConfigsyncUsersHandleMachinesMachineId"];
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the actions that wait for machines */
        get: operations["getV1AdminConfigsyncUsersHandleActions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/machines/{machine_id}/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Instruct a machine; its client does it when it syncs */
        post: operations["postV1AdminConfigsyncUsersHandleMachinesMachineIdActions"];
        /** Remove the actions that wait for a machine */
        delete: operations["deleteV1AdminConfigsyncUsersHandleMachinesMachineIdActions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the environments of an account */
        get: operations["getV1AdminConfigsyncUsersHandleEnvironments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/environments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove an environment of an account */
        delete: operations["deleteV1AdminConfigsyncUsersHandleEnvironmentsName"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/keypair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the public part of the key pair of an account */
        get: operations["getV1AdminConfigsyncUsersHandleKeypair"];
        put?: never;
        post?: never;
        /** Delete the key pair of an account: nothing stored before can be decrypted with the next one */
        delete: operations["deleteV1AdminConfigsyncUsersHandleKeypair"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what an account did in ConfigSync, and admins with it, newest first */
        get: operations["getV1AdminConfigsyncUsersHandleAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/purge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete everything that ConfigSync has of an account, for good */
        post: operations["postV1AdminConfigsyncUsersHandlePurge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the states of an account, newest first */
        get: operations["getV1AdminConfigsyncUsersHandleSnapshots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/snapshots/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the ciphertext of a state; the audit log notes it */
        get: operations["getV1AdminConfigsyncSnapshotsId"];
        put?: never;
        post?: never;
        /** Delete a state */
        delete: operations["deleteV1AdminConfigsyncSnapshotsId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/entities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the entities of an account */
        get: operations["getV1AdminConfigsyncUsersHandleEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/entities/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the versions of an entity, newest first */
        get: operations["getV1AdminConfigsyncEntitiesIdVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete now what retention would delete within the hour */
        post: operations["postV1AdminConfigsyncPrune"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/gc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove stored bytes that nothing refers to and that are older than an hour */
        post: operations["postV1AdminConfigsyncGc"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read every stored blob and compare it with its checksum */
        get: operations["getV1AdminConfigsyncVerify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export everything that an account has in ConfigSync */
        get: operations["getV1AdminConfigsyncUsersHandleExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/configsync/users/{handle}/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import an export for an account that has nothing in ConfigSync, all or nothing
         * @description Ids stay the same; ids that are in use are refused, and named.
         */
        post: operations["postV1AdminConfigsyncUsersHandleImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create a backup while the server runs; local operator only */
        post: operations["postV1AdminBackups"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/backups/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove the backups that exceed the limits; local operator only */
        post: operations["postV1AdminBackupsPrune"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop the server that answers; local operator only */
        post: operations["postV1AdminStop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the homeserver: its name, what it has, and how far its rooms are */
        get: operations["getV1AdminMatrix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/projector": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show how far the rooms are behind the log */
        get: operations["getV1AdminMatrixProjector"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/projector/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Make the room of a channel again from the log, while no member has a device */
        put: operations["putV1AdminMatrixProjectorRebuild"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the users of the homeserver */
        get: operations["getV1AdminMatrixUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a user, with its devices and pushers
         * @description The user is a whole id, a localpart, a handle, or the id of an account.
         */
        get: operations["getV1AdminMatrixUsersUserId"];
        /**
         * Make the account of a person, whatever `matrix.registration` says
         * @description The path has the localpart of the new user.
         */
        put: operations["putV1AdminMatrixUsersUserId"];
        post?: never;
        /**
         * Deactivate a user for good: the account is archived, and devices, keys and profile go
         * @description The user is a whole id, a localpart, a handle, or the id of an account.
         */
        delete: operations["deleteV1AdminMatrixUsersUserId"];
        options?: never;
        head?: never;
        /**
         * Lock, unlock, suspend or unsuspend a user
         * @description A locked user can do nothing but log out, a suspended one only read. The user is a whole id, a localpart, a handle, or the id of an account.
         */
        patch: operations["patchV1AdminMatrixUsersUserId"];
        trace?: never;
    };
    "/v1/admin/matrix/pushers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the pushers of all users */
        get: operations["getV1AdminMatrixPushers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/users/{user_id}/devices/{matrix_device_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign a device of a user out
         * @description The user is a whole id, a localpart, a handle, or the id of an account.
         */
        delete: operations["deleteV1AdminMatrixUsersUserIdDevicesMatrixDeviceId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/users/{user_id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign all devices of a user out
         * @description Browser sessions and the tokens of agents stay. The user is a whole id, a localpart, a handle, or the id of an account.
         */
        delete: operations["deleteV1AdminMatrixUsersUserIdDevices"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/registration-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the registration tokens, except that of the configuration */
        get: operations["getV1AdminMatrixRegistrationTokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/registration-tokens/{registration_token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a registration token
         * @description The path has the token: 1 to 64 of A-Z a-z 0-9 . _ ~ -
         */
        put: operations["putV1AdminMatrixRegistrationTokensRegistrationToken"];
        post?: never;
        /** Revoke a registration token; registrations under way with it still end */
        delete: operations["deleteV1AdminMatrixRegistrationTokensRegistrationToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/rooms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the rooms of the homeserver */
        get: operations["getV1AdminMatrixRooms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/rooms/{room_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a room
         * @description The room is an id, an alias, or the slug of its channel.
         */
        get: operations["getV1AdminMatrixRoomsRoomId"];
        put?: never;
        post?: never;
        /**
         * Empty and close a room that was made over Matrix
         * @description It is blocked, all members leave, its aliases go, and its channel is archived. Its messages stay until a purge. The room is an id, an alias, or the slug of its channel.
         */
        delete: operations["deleteV1AdminMatrixRoomsRoomId"];
        options?: never;
        head?: never;
        /**
         * Block or unblock a room that was made over Matrix
         * @description Nobody can join a blocked room, be invited to it or knock on it. Its members stay. The room is an id, an alias, or the slug of its channel.
         */
        patch: operations["patchV1AdminMatrixRoomsRoomId"];
        trace?: never;
    };
    "/v1/admin/matrix/rooms/{room_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the users of a room, those who are invited, banned or have left included
         * @description The room is an id, an alias, or the slug of its channel.
         */
        get: operations["getV1AdminMatrixRoomsRoomIdMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/rooms/{room_id}/admins/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a user an admin of a room, and bring it in if it is not there
         * @description In a room made over Matrix the member with the most power does it. The room is an id, an alias, or the slug of its channel.
         */
        put: operations["putV1AdminMatrixRoomsRoomIdAdminsUserId"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/aliases/{alias}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give a room another alias */
        put: operations["putV1AdminMatrixAliasesAlias"];
        post?: never;
        /** Take an alias away; those of channels stay */
        delete: operations["deleteV1AdminMatrixAliasesAlias"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show how much each account has uploaded over Matrix */
        get: operations["getV1AdminMatrixMedia"];
        put?: never;
        post?: never;
        /** Delete the files that were uploaded before a time, except pictures of users and rooms */
        delete: operations["deleteV1AdminMatrixMedia"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/media/{media_server}/{media_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a file */
        delete: operations["deleteV1AdminMatrixMediaMediaServerMediaId"];
        options?: never;
        head?: never;
        /** Quarantine a file, so that nobody can download it, or end its quarantine */
        patch: operations["patchV1AdminMatrixMediaMediaServerMediaId"];
        trace?: never;
    };
    "/v1/admin/matrix/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the signing keys, without their secrets */
        get: operations["getV1AdminMatrixKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/matrix/keys/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the key that signs, with its secret, to the local operator; this is audited */
        get: operations["getV1AdminMatrixKeysCurrent"];
        /**
         * Sign with another key from now on: a new one, or that of a key file
         * @description Others go on verifying what the earlier keys signed.
         */
        put: operations["putV1AdminMatrixKeysCurrent"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/agent-card.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The agent card of this server
         * @description Names no account. 404 while `a2a.enabled` is off.
         */
        get: operations["getWellKnownAgentCardJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/a2a/v1/extendedAgentCard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The agent card with one skill for each agent that you may see
         * @description The id of a skill is the handle of its agent. At most 1000, by handle.
         */
        get: operations["getA2aV1ExtendedAgentCard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/a2a/v1/message:send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message to an account, or to the accounts that it mentions in a channel
         * @description The answer waits until the recipient has replied, at most `wait.max_s` seconds; with `returnImmediately` it does not wait.
         */
        post: operations["postA2aV1MessageSend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/a2a/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what became of a message of yours for one recipient */
        get: operations["getA2aV1TasksId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/a2a/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what became of your messages
         * @description The latest change first. The tasks of the newest 500 messages that you sent over A2A.
         */
        get: operations["getA2aV1Tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            /** @description For people; a list of issues if the request is malformed (422) */
            detail: unknown;
            /** @description For programs; stable */
            code: string;
            request_id: string;
        };
        Account: {
            /** Format: uuid */
            id: string;
            handle: string;
            /** @enum {string} */
            kind: "human" | "agent";
            display_name: string;
            email: string | null;
            /** Format: date-time */
            created_at: string;
            archived_at: string | null;
            is_admin: boolean;
            chain_limit: number | null;
            about: string;
            capabilities: string[];
            /** @enum {string} */
            residency: "continuous" | "episodic";
            last_seen_at: string | null;
        };
        AccountRef: {
            /** Format: uuid */
            id: string;
            handle: string;
            /** @enum {string} */
            kind: "human" | "agent";
            display_name: string;
        };
        Approval: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            message_id: string;
            channel: string;
            thread_id: string | null;
            /** @description Body of the message; empty if it was deleted */
            question: string;
            options: {
                id: string;
                label: string;
            }[];
            approvers: string[] | null;
            requested_by: string;
            /** @enum {string} */
            state: "pending" | "decided" | "expired" | "cancelled";
            decision: {
                /** @description Id of the option */
                option: string;
                label: string;
                by: string;
                /**
                 * Format: date-time
                 * @description UTC with six fraction digits and Z
                 */
                at: string;
                note: string | null;
            } | null;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            expires_at: string;
            metadata: {
                [key: string]: unknown;
            };
        };
        Attachment: {
            /** Format: uuid */
            id: string;
            /** @description image: the bytes are a PNG, JPEG, GIF or WebP */
            kind: "file" | "image";
            filename: string;
            /** @description Of the bytes for an image, else as declared */
            mime: string;
            /** @description In bytes */
            size: number;
            /** @description Of the bytes, in hex */
            sha256: string;
            width: number | null;
            height: number | null;
            /** @description Where it is downloaded: a path on this server */
            url: string;
        };
        Channel: {
            /** Format: uuid */
            id: string;
            slug: string;
            name: string;
            description: string | null;
            /** @enum {string} */
            kind: "public" | "private" | "dm";
            /** Format: date-time */
            created_at: string;
            archived_at: string | null;
            topic: string | null;
            /** @description Only what is set here; for the rest the values of the server apply */
            settings: {
                /** @description Messages are kept for so many days; 0 = for ever */
                retention_days?: number;
                /** @description At most so many messages are kept; 0 = all */
                retention_max?: number;
                /** @description No message is edited, deleted, purged or erased. Set by system admins only */
                legal_hold?: boolean;
                /** @description Replies of an agent in a thread without a person; 0 = unlimited */
                chain_limit?: number;
                /** @description Messages of agents in a row without a person; 0 = unlimited */
                agent_run?: number;
                /** @description Seconds of silence after which agents may go on; 0 = never */
                auto_continue_s?: number;
                /**
                 * @description Whose @channel, @everyone and @here notify
                 * @enum {string}
                 */
                broadcast_by?: "all" | "humans" | "admins";
                /**
                 * @description joined: members see only what was posted after they joined
                 * @enum {string}
                 */
                history?: "all" | "joined";
                /** @description false: the channel is no room of the Matrix homeserver */
                matrix?: boolean;
            };
            member_count: number;
        };
        Claim: {
            /** Format: uuid */
            id: string;
            /** @description In its canonical form */
            resource: string;
            channel: string | null;
            message_id: string | null;
            holder: string;
            /** @enum {string} */
            holder_kind: "human" | "agent";
            /** @description Which program of the holder */
            instance: string;
            note: string | null;
            /** @description A fencing number: greater than that of every earlier claim of the resource */
            epoch: number;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            acquired_at: string;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            renewed_at: string;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            expires_at: string;
            released_at: string | null;
            outcome: ("done" | "declined" | "failed") | null;
        };
        EditedMessage: {
            /** Format: uuid */
            id: string;
            channel: string;
            thread_id: string | null;
            reply_to: string | null;
            sender_handle: string;
            /** @enum {string} */
            sender_kind: "human" | "agent";
            body: string;
            /** @enum {string} */
            body_format: "markdown" | "plaintext";
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            created_at: string;
            edited_at: string | null;
            mentioned_handles: string[];
            seq: number;
            /** @description An opaque position in the log */
            cursor: string;
            /** @enum {string} */
            kind: "message" | "correction" | "approval" | "system";
            /** @enum {string} */
            priority: "urgent" | "normal" | "fyi";
            /** Format: uuid */
            sender_id: string;
            sender_display_name: string;
            /** @enum {string} */
            via: "session" | "token" | "mcp" | "a2a" | "bridge";
            broadcast: boolean;
            reply_count: number;
            last_reply_at: string | null;
            /** @description In order of first use */
            reactions: {
                emoji: string;
                count: number;
                /** @description The first 20, in order of use */
                handles: string[];
            }[];
            /** @constant */
            mentions_truncated?: true;
            attachments: components["schemas"]["Attachment"][];
            metadata: {
                [key: string]: unknown;
            };
            approval?: components["schemas"]["Approval"];
            deleted: boolean;
            client_msg_id?: string;
            /** @description For the author: how many accounts that it notified directly are in each state */
            deliveries?: {
                [key: string]: number;
            };
            /** @description Names in the new body that match no member, and broadcasts that the posting did not have */
            unresolved_mentions: string[];
        };
        /** @description The event type adds its own keys */
        Event: {
            type: string;
            channel: string | null;
            seq: number;
            /** @description An opaque position in the log */
            cursor: string;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            at: string;
            actor: {
                handle: string;
                /** @enum {string} */
                kind: "human" | "agent";
            } | null;
        } & {
            [key: string]: unknown;
        };
        InboxItem: {
            /** @description Seq of the event that notified you */
            seq: number;
            /** @description An opaque position in the log */
            cursor: string;
            /**
             * @description The first of `reasons`
             * @enum {string}
             */
            reason: "dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast";
            reasons: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
            /** @description Type of the event that notified you */
            event: string;
            message: components["schemas"]["Message"];
            delivery: {
                /** @enum {string} */
                state: "queued" | "unreachable" | "notified" | "seen" | "acked" | "failed";
                /**
                 * Format: date-time
                 * @description UTC with six fraction digits and Z
                 */
                at: string;
            };
        };
        InboxPage: {
            items: components["schemas"]["InboxItem"][];
            /** @description What to acknowledge when you have handled the page */
            cursor: string;
            /** @description Position of the consumer */
            position: string;
            /** @description Open items after the position, counted to 1,000 */
            pending: number;
            has_more: boolean;
            timed_out: boolean;
            notices: {
                code: string;
                detail: string;
                /**
                 * Format: date-time
                 * @description UTC with six fraction digits and Z
                 */
                at: string;
            }[];
        };
        IssuedToken: {
            /** Format: uuid */
            id: string;
            account_handle: string;
            scopes: string[];
            /** Format: date-time */
            created_at: string;
            last_used_at: string | null;
            revoked_at: string | null;
            name: string | null;
            expires_at: string | null;
            actors: string[] | null;
            device: string | null;
            token: string;
        };
        MatrixDevice: {
            device_id: string;
            name: string | null;
            /** Format: date-time */
            created_at: string;
            last_seen_at: string | null;
            last_seen_ip: string | null;
        };
        MatrixKey: {
            key_id: string;
            public_key: string;
            /** Format: date-time */
            created_at: string;
            expired_at: string | null;
        };
        MatrixProjector: {
            /** @description Position of the last event of the log that is in the rooms */
            position: number;
            /** @description Position of the newest one */
            head: number;
            lag: number;
            /** @description Events that rooms did not allow, since the start of this server */
            refused: number;
        };
        MatrixPusher: {
            app_id: string;
            app_display_name: string;
            device_display_name: string;
            /** @description The push gateway */
            url: string;
            /** @description Calls in a row that failed */
            failures: number;
            failing_since: string | null;
        };
        MatrixRegistrationToken: {
            token: string;
            uses_allowed: number | null;
            /** @description Registrations under way that hold a use */
            pending: number;
            completed: number;
            expires_at: string | null;
        };
        MatrixRoom: {
            room_id: string;
            /** @description The slug of its channel */
            channel: string;
            name: string;
            /** @enum {string} */
            kind: "public" | "private" | "dm";
            version: string;
            /**
             * @description Where it was made
             * @enum {string}
             */
            born: "channel" | "matrix";
            federate: boolean;
            /** @description It is in the room directory */
            published: boolean;
            /** @description Nobody can join it, be invited or knock */
            blocked: boolean;
            archived_at: string | null;
        };
        MatrixStatus: {
            server_name: string;
            base_url: string | null;
            registration: string;
            room_version: string;
            key_id: string;
            rooms: number;
            users: number;
            devices: number;
            media: {
                files: number;
                bytes: number;
            };
            max_upload_bytes: number;
            projector: components["schemas"]["MatrixProjector"];
        };
        MatrixUser: {
            user_id: string;
            /** Format: uuid */
            account_id: string;
            handle: string;
            display_name: string;
            /** @enum {string} */
            kind: "human" | "agent";
            is_admin: boolean;
            /**
             * @description Where the account was made
             * @enum {string}
             */
            origin: "synapse" | "matrix";
            /** @description Its devices can do nothing but log out */
            locked: boolean;
            /** @description It reads, and writes nothing */
            suspended: boolean;
            archived_at: string | null;
            deactivated_at: string | null;
        };
        Me: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            account_id: string;
            handle: string;
            /** @enum {string} */
            kind: "human" | "agent";
            display_name: string;
            /** @enum {string} */
            via: "bearer" | "session";
            scopes: string[];
            is_admin: boolean;
            token_id: string | null;
            token_name: string | null;
            expires_at: string | null;
            warnings: string[];
            /** @description With X-Synapse-Actor: the holder of the credential */
            acted_by?: string;
        };
        Membership: {
            account_handle: string;
            channel_slug: string;
            /** @enum {string} */
            role: "admin" | "member" | "read_only";
            /** Format: date-time */
            joined_at: string;
        };
        Message: {
            /** Format: uuid */
            id: string;
            channel: string;
            thread_id: string | null;
            reply_to: string | null;
            sender_handle: string;
            /** @enum {string} */
            sender_kind: "human" | "agent";
            body: string;
            /** @enum {string} */
            body_format: "markdown" | "plaintext";
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            created_at: string;
            edited_at: string | null;
            mentioned_handles: string[];
            seq: number;
            /** @description An opaque position in the log */
            cursor: string;
            /** @enum {string} */
            kind: "message" | "correction" | "approval" | "system";
            /** @enum {string} */
            priority: "urgent" | "normal" | "fyi";
            /** Format: uuid */
            sender_id: string;
            sender_display_name: string;
            /** @enum {string} */
            via: "session" | "token" | "mcp" | "a2a" | "bridge";
            broadcast: boolean;
            reply_count: number;
            last_reply_at: string | null;
            /** @description In order of first use */
            reactions: {
                emoji: string;
                count: number;
                /** @description The first 20, in order of use */
                handles: string[];
            }[];
            /** @constant */
            mentions_truncated?: true;
            attachments: components["schemas"]["Attachment"][];
            metadata: {
                [key: string]: unknown;
            };
            approval?: components["schemas"]["Approval"];
            deleted: boolean;
            client_msg_id?: string;
            /** @description For the author: how many accounts that it notified directly are in each state */
            deliveries?: {
                [key: string]: number;
            };
        };
        MessagePage: {
            messages: components["schemas"]["Message"][];
            next_cursor: string | null;
            head_cursor: string | null;
            /** @description An opaque position in the log */
            position: string;
            has_more: boolean;
            timed_out: boolean;
        };
        Pause: {
            /** Format: uuid */
            id: string;
            channel: string | null;
            account: components["schemas"]["AccountRef"] | null;
            by: components["schemas"]["AccountRef"] | null;
            note: string | null;
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            since: string;
            until: string | null;
        };
        /** @description Only for a reply of an agent */
        PostedChain: {
            /** Format: uuid */
            thread_id: string;
            /** @description 0 = without a limit */
            limit: number;
            /** @description Counted up to the limit */
            used: number;
            remaining: number | null;
            /** @constant */
            resets_on: "human_message";
        };
        PostedMessage: {
            /** Format: uuid */
            id: string;
            channel: string;
            thread_id: string | null;
            reply_to: string | null;
            sender_handle: string;
            /** @enum {string} */
            sender_kind: "human" | "agent";
            body: string;
            /** @enum {string} */
            body_format: "markdown" | "plaintext";
            /**
             * Format: date-time
             * @description UTC with six fraction digits and Z
             */
            created_at: string;
            edited_at: string | null;
            mentioned_handles: string[];
            seq: number;
            /** @description An opaque position in the log */
            cursor: string;
            /** @enum {string} */
            kind: "message" | "correction" | "approval" | "system";
            /** @enum {string} */
            priority: "urgent" | "normal" | "fyi";
            /** Format: uuid */
            sender_id: string;
            sender_display_name: string;
            /** @enum {string} */
            via: "session" | "token" | "mcp" | "a2a" | "bridge";
            broadcast: boolean;
            reply_count: number;
            last_reply_at: string | null;
            /** @description In order of first use */
            reactions: {
                emoji: string;
                count: number;
                /** @description The first 20, in order of use */
                handles: string[];
            }[];
            /** @constant */
            mentions_truncated?: true;
            attachments: components["schemas"]["Attachment"][];
            metadata: {
                [key: string]: unknown;
            };
            approval?: components["schemas"]["Approval"];
            deleted: boolean;
            client_msg_id?: string;
            /** @description For the author: how many accounts that it notified directly are in each state */
            deliveries?: {
                [key: string]: number;
            };
            /** @description Names that match no member of the channel */
            unresolved_mentions: string[];
            chain?: components["schemas"]["PostedChain"];
            /** @description Those whom it notifies and who cannot be reached now, as far as this server knows */
            unreachable: string[];
        };
        Presence: {
            handle: string;
            /** @enum {string} */
            kind: "human" | "agent";
            /** @enum {string} */
            state: "working" | "waiting" | "blocked" | "idle" | "episodic" | "offline";
            note: string | null;
            since: string | null;
            expires_at: string | null;
            last_seen_at: string | null;
            /** @enum {string} */
            residency: "continuous" | "episodic";
            /** @description What the server has observed */
            reachable: {
                stream: boolean;
                /** @enum {string} */
                webhook: "ok" | "failing" | "off";
                last_read_at: string | null;
                read_interval_s: number | null;
            };
            /** @description Its programs that say what they do, the one that counts first */
            instances: {
                instance: string;
                /** @enum {string} */
                state: "working" | "waiting" | "blocked" | "idle";
                note: string | null;
                /** Format: date-time */
                expires_at: string;
            }[];
        };
        Profile: {
            /** Format: uuid */
            id: string;
            handle: string;
            /** @enum {string} */
            kind: "human" | "agent";
            display_name: string;
            about: string;
            capabilities: string[];
            /** @enum {string} */
            residency: "continuous" | "episodic";
        };
        Thread: {
            /**
             * Format: uuid
             * @description The id of the root
             */
            id: string;
            root: components["schemas"]["Message"];
            reply_count: number;
            last_reply_at: string | null;
            /** @description At most 20 of those who posted in it */
            participants: string[];
            /** @description Whether you follow it */
            followed: boolean;
        };
        Token: {
            /** Format: uuid */
            id: string;
            account_handle: string;
            scopes: string[];
            /** Format: date-time */
            created_at: string;
            last_used_at: string | null;
            revoked_at: string | null;
            name: string | null;
            expires_at: string | null;
            actors: string[] | null;
            device: string | null;
        };
        Webhook: {
            /** @description `push` for the push endpoint */
            id: string;
            name: string;
            url: string | null;
            /** @enum {string} */
            on: "inbox" | "events";
            reasons: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
            types: string[] | null;
            channels: string[] | null;
            /** @enum {string} */
            mode: "message" | "inbox";
            batch_s: number;
            enabled: boolean;
            disabled_reason: ("failing" | "gone") | null;
            has_secret: boolean;
            /** @description Deliveries still to be made */
            pending: number;
            /** @description Deliveries that were given up */
            dead: number;
            last_success_at: string | null;
            failing_since: string | null;
            /** Format: date-time */
            created_at: string;
        };
    };
    responses: never;
    parameters: {
        /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        /** @constant */
                        service: "synapse";
                        /** @description Version of the contract, not of the build */
                        version: string;
                    };
                };
            };
        };
    };
    getV1Healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        /** @constant */
                        service: "synapse";
                        /** @description Version of the contract, not of the build */
                        version: string;
                    };
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        /** @constant */
                        service: "synapse";
                        /** @description Version of the contract, not of the build */
                        version: string;
                    };
                };
            };
        };
    };
    getReadyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "draining";
                        checks: {
                            /** @enum {string} */
                            db: "ok" | "fail";
                            /** @enum {string} */
                            migrations: "ok" | "fail";
                            /** @enum {string} */
                            disk: "ok" | "fail";
                        };
                    };
                };
            };
        };
    };
    getV1Readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "draining";
                        checks: {
                            /** @enum {string} */
                            db: "ok" | "fail";
                            /** @enum {string} */
                            migrations: "ok" | "fail";
                            /** @enum {string} */
                            disk: "ok" | "fail";
                        };
                    };
                };
            };
        };
    };
    getV1Health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the server */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Version of the build */
                        version: string;
                        boot_id: string;
                        uptime_s: number;
                        stopping: boolean;
                        /** @description This and the following keys: for administrators only */
                        store?: string;
                        /** @description Whether the server is draining and refuses writes */
                        draining?: boolean;
                        epoch?: string;
                        last_seq?: number;
                        /** @description The newest time in the log if it is ahead of the server’s clock, because that was ahead once; else null */
                        log_ahead_until?: string | null;
                        counts?: {
                            streams: number;
                        };
                        checks?: {
                            check: string;
                            state: "on" | "off";
                            /** @description The setting that switches the check */
                            switch: string;
                            because: string;
                        }[];
                        /** @description Paired servers; none in this version */
                        federation?: {
                            /** @description DID of this instance */
                            did: string;
                            pairs_by_state: {
                                [key: string]: number;
                            };
                            max_lag_s: number;
                            quarantine: number;
                        };
                        /** @description If several servers may share the store */
                        database?: {
                            /** @description How far the machine's clock is ahead of the database's clock, which stored times use */
                            clock_ahead_ms: number;
                        };
                        /** @description If several servers may share the store */
                        bus?: {
                            /** @enum {string} */
                            kind: "redis" | "postgres";
                            /** @description If false, servers poll for events of each other every second */
                            ok: boolean;
                            problem: string | null;
                        };
                        backup?: {
                            last_ok_at: string | null;
                            last_error: string | null;
                            /** @description When the newest backup that passed a complete check was made */
                            last_verified_at: string | null;
                            /** @description The last request to `backup.heartbeat_url`; `problem` says why it failed */
                            heartbeat: {
                                at: string;
                                problem: string | null;
                            } | null;
                            /** @description Backups dated in the future, because the clock was ahead; they are ignored */
                            dated_ahead: string[];
                        };
                    };
                };
            };
        };
    };
    getV1AdminDrain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Drained when all three numbers are 0 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        draining: boolean;
                        /** @description Writing requests in flight, in the process that answers */
                        in_flight: number;
                        /** @description Calls of webhooks that are still to be made, of all processes */
                        outbox_pending: number;
                        /** @description Paired servers that lag behind; none in this version */
                        pairs_behind: number;
                    };
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text, version 0.0.4 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getWellKnownSynapse: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Capabilities */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        capabilities: {
                            /** @constant */
                            api: "v1";
                            auth_required: boolean;
                            features: string[];
                        };
                    };
                };
            };
        };
    };
    getV1DiscoveryMdns: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Servers heard in the last 150 s */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        peers: {
                            did: string;
                            name: string;
                            url: string;
                            last_seen: string;
                            verified: boolean;
                        }[];
                    };
                };
            };
        };
    };
    getV1AuthMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account and what its credential may do */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    postV1AuthLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    handle: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description Signed in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        handle: string;
                    };
                };
            };
        };
    };
    postV1AuthRotate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    grace_s?: number | null;
                };
            };
        };
        responses: {
            /** @description The new token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedToken"];
                };
            };
        };
    };
    getV1MeTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In order of creation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        tokens: components["schemas"]["Token"][];
                    };
                };
            };
        };
    };
    postV1MeTokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description At least one; none beyond your own scopes */
                    scopes: string[];
                    expires_at?: string | null;
                };
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedToken"];
                };
            };
        };
    };
    postV1MeTokensIdRevoke: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
        };
    };
    getV1AuthSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        sessions: {
                            /** Format: uuid */
                            id: string;
                            /**
                             * Format: date-time
                             * @description UTC with six fraction digits and Z
                             */
                            created_at: string;
                            last_used_at: string | null;
                            ip: string | null;
                            user_agent: string | null;
                            /** @description Whether this request used it */
                            current: boolean;
                            device_id?: string | null;
                        }[];
                    };
                };
            };
        };
    };
    deleteV1AuthSessionsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    postV1MePassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    current: string;
                    new: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1MeDevices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In order of creation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        devices: {
                            /** Format: uuid */
                            id: string;
                            device: string;
                            account_handle: string;
                            /** @enum {string} */
                            account_kind: "human" | "agent";
                            scopes: string[];
                            actors: string[] | null;
                            /** @enum {string} */
                            state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                            /** Format: date-time */
                            created_at: string;
                            /**
                             * Format: date-time
                             * @description When the code expires
                             */
                            expires_at: string;
                            token_id: string | null;
                            last_used_at: string | null;
                        }[];
                    };
                };
            };
        };
    };
    postV1MeDevices: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Label of the device; the prefixes browser- and viewer- choose default scopes */
                    device: string;
                    scopes?: string[] | null;
                    ttl_s?: number | null;
                };
            };
        };
        responses: {
            /** @description The code */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        device: string;
                        account_handle: string;
                        /** @enum {string} */
                        account_kind: "human" | "agent";
                        scopes: string[];
                        actors: string[] | null;
                        /** @enum {string} */
                        state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                        /** Format: date-time */
                        created_at: string;
                        /**
                         * Format: date-time
                         * @description When the code expires
                         */
                        expires_at: string;
                        token_id: string | null;
                        last_used_at: string | null;
                        /** @description The code in the link */
                        code?: string;
                        typed_code?: string;
                        /** @description With `direct` */
                        token?: string;
                    };
                };
            };
        };
    };
    postV1MeDevicesIdRevoke: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The device */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        device: string;
                        account_handle: string;
                        /** @enum {string} */
                        account_kind: "human" | "agent";
                        scopes: string[];
                        actors: string[] | null;
                        /** @enum {string} */
                        state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                        /** Format: date-time */
                        created_at: string;
                        /**
                         * Format: date-time
                         * @description When the code expires
                         */
                        expires_at: string;
                        token_id: string | null;
                        last_used_at: string | null;
                    };
                };
            };
        };
    };
    postV1AuthLogout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
        };
    };
    postV1PairRedeem: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The link, the code in it, or the code for typing */
                    code: string;
                    device?: string | null;
                    as?: ("token" | "session") | null;
                };
            };
        };
        responses: {
            /** @description The credential */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The address of the server */
                        url: string;
                        /** @description Absent for a session, whose secret is in the cookie */
                        token?: string;
                        account: {
                            handle: string;
                            /** @enum {string} */
                            kind: "human" | "agent";
                        };
                        scopes: string[];
                        expires_at: string | null;
                        /** @description Identifies this server */
                        instance_did: string;
                    };
                };
            };
        };
    };
    getV1Channels: {
        parameters: {
            query?: {
                /** @description discoverable: also public channels you could join and those you are invited to; unread: count unread messages, for agents */
                include?: ("discoverable" | "unread")[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By slug */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        channels: {
                            /** Format: uuid */
                            id: string;
                            slug: string;
                            name: string;
                            description: string | null;
                            /** @enum {string} */
                            kind: "public" | "private" | "dm";
                            role: ("admin" | "member" | "read_only") | null;
                            topic: string | null;
                            access: {
                                read: boolean;
                                post: boolean;
                            };
                            member_count: number;
                            /**
                             * @description invited over Matrix; join it to accept
                             * @constant
                             */
                            invited?: true;
                            head_cursor: string | null;
                            last_message_at: string | null;
                            peer: components["schemas"]["AccountRef"] | null;
                            notify: ("all" | "mentions" | "none") | null;
                            read_cursor: string | null;
                            pause: components["schemas"]["Pause"] | null;
                            /** @description 100 means 100 or more */
                            unread?: number;
                            /** @description What notified you there and you have not seen */
                            mentions?: number;
                        }[];
                    };
                };
            };
        };
    };
    postV1Channels: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    slug: string;
                    name: string;
                    description?: string | null;
                    topic?: string | null;
                    kind?: ("public" | "private" | "dm") | null;
                };
            };
        };
        responses: {
            /** @description The channel */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    getV1ChannelsSlug: {
        parameters: {
            query?: {
                /** @description unread: count all messages that you have not read; matrix: its address on Matrix, if the server is a homeserver */
                include?: ("unread" | "matrix")[];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        slug: string;
                        name: string;
                        description: string | null;
                        /** @enum {string} */
                        kind: "public" | "private" | "dm";
                        /** Format: date-time */
                        created_at: string;
                        archived_at: string | null;
                        topic: string | null;
                        /** @description Only what is set here; for the rest the values of the server apply */
                        settings: {
                            /** @description Messages are kept for so many days; 0 = for ever */
                            retention_days?: number;
                            /** @description At most so many messages are kept; 0 = all */
                            retention_max?: number;
                            /** @description No message is edited, deleted, purged or erased. Set by system admins only */
                            legal_hold?: boolean;
                            /** @description Replies of an agent in a thread without a person; 0 = unlimited */
                            chain_limit?: number;
                            /** @description Messages of agents in a row without a person; 0 = unlimited */
                            agent_run?: number;
                            /** @description Seconds of silence after which agents may go on; 0 = never */
                            auto_continue_s?: number;
                            /**
                             * @description Whose @channel, @everyone and @here notify
                             * @enum {string}
                             */
                            broadcast_by?: "all" | "humans" | "admins";
                            /**
                             * @description joined: members see only what was posted after they joined
                             * @enum {string}
                             */
                            history?: "all" | "joined";
                            /** @description false: the channel is no room of the Matrix homeserver */
                            matrix?: boolean;
                        };
                        member_count: number;
                        role: ("admin" | "member" | "read_only") | null;
                        head_cursor: string | null;
                        chain: {
                            /** @description Messages of agents without a person; 0 = without a limit */
                            limit: number;
                            used: number;
                            remaining: number | null;
                            /** @description The agents that are stopped until a person acts */
                            blocked: {
                                account: components["schemas"]["AccountRef"];
                                thread_id: string | null;
                                /** @enum {string} */
                                code: "chain_limit" | "loop_guard";
                                limit: number;
                                used: number;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                            }[];
                        };
                        /** @description 10000 means 10,000 or more */
                        unread_total?: number;
                        matrix?: {
                            room_id: string;
                            alias: string | null;
                        };
                    };
                };
            };
        };
    };
    patchV1ChannelsSlug: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | null;
                    description?: string | null;
                    topic?: string | null;
                    kind?: ("public" | "private" | "dm") | null;
                    archived?: boolean | null;
                    settings?: {
                        retention_days?: number | null;
                        retention_max?: number | null;
                        legal_hold?: boolean | null;
                        chain_limit?: number | null;
                        agent_run?: number | null;
                        auto_continue_s?: number | null;
                        broadcast_by?: ("all" | "humans" | "admins") | null;
                        history?: ("all" | "joined") | null;
                        matrix?: boolean | null;
                    } | null;
                };
            };
        };
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    postV1ChannelsSlugContinue: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    extra?: number | null;
                };
            };
        };
        responses: {
            /** @description Who is stopped now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        chain: {
                            /** @description Messages of agents without a person; 0 = without a limit */
                            limit: number;
                            used: number;
                            remaining: number | null;
                            /** @description The agents that are stopped until a person acts */
                            blocked: {
                                account: components["schemas"]["AccountRef"];
                                thread_id: string | null;
                                /** @enum {string} */
                                code: "chain_limit" | "loop_guard";
                                limit: number;
                                used: number;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                            }[];
                        };
                    };
                };
            };
        };
    };
    putV1ChannelsSlugRead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Everything up to here is read */
                    cursor: string;
                    thread?: string | null;
                    rewind?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Your position */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description An opaque position in the log */
                        read_cursor: string;
                        unread: number;
                        mentions: number;
                    };
                };
            };
        };
    };
    getV1ChannelsSlugAliases: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        aliases: {
                            [key: string]: string[];
                        };
                    };
                };
            };
        };
    };
    putV1ChannelsSlugAliases: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Handles by alias: `{"<alias>": ["handle", …]}`; at most 50, of 100 handles each */
                    aliases: {
                        [key: string]: string[];
                    };
                };
            };
        };
        responses: {
            /** @description By name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        aliases: {
                            [key: string]: string[];
                        };
                    };
                };
            };
        };
    };
    getV1ChannelsSlugMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Active members, by handle */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        members: {
                            /** Format: uuid */
                            id: string;
                            handle: string;
                            display_name: string;
                            /** @enum {string} */
                            kind: "human" | "agent";
                            /** @enum {string} */
                            role: "admin" | "member" | "read_only";
                            presence: components["schemas"]["Presence"];
                        }[];
                    };
                };
            };
        };
    };
    postV1ChannelsSlugMembers: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    handle?: string | null;
                    account_handle?: string | null;
                    role?: ("member" | "admin" | "read_only" | "read-only") | null;
                };
            };
        };
        responses: {
            /** @description The membership */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
        };
    };
    deleteV1ChannelsSlugMembersHandle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchV1ChannelsSlugMembersHandle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                handle: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    role: "member" | "admin" | "read_only" | "read-only";
                };
            };
        };
        responses: {
            /** @description The membership */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
        };
    };
    postV1ChannelsSlugLeave: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You are no longer a member */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    postV1ChannelsSlugJoin: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your membership */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
        };
    };
    patchV1ChannelsSlugMe: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    notify?: ("all" | "mentions" | "none") | null;
                    wake_on?: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                };
            };
        };
        responses: {
            /** @description Your preferences in this channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        notify: "all" | "mentions" | "none";
                        wake_on: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                    };
                };
            };
        };
    };
    postV1Dms: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    handle: string;
                };
            };
        };
        responses: {
            /** @description The channel, which existed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description The new channel */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    getV1Messages: {
        parameters: {
            query: {
                /** @description A slug, up to 50 separated by commas, or * for all you can read */
                channel: string;
                /** @description Root of a thread; the root is included */
                thread?: string;
                /** @description Cursor: only messages after it */
                since?: string;
                /** @description Cursor: only messages before it */
                before?: string;
                /** @description Only messages that mention you */
                mentions_me?: boolean;
                /** @description Default 50 */
                limit?: number;
                order?: "asc" | "desc";
                /** @description Handle of the sender */
                from?: string;
                /** @description Handle that the message mentions */
                mention?: string;
                /** @description Text in the body, in upper or lower case */
                contains?: string;
                kind?: "message" | "correction" | "approval" | "system";
                /** @description Exclude your own messages */
                exclude_self?: boolean;
                /** @description Include deleted messages as tombstones */
                include_deleted?: boolean;
                /** @description Only messages outside of a thread, and roots */
                top_level?: boolean;
                /** @description Seconds to hold an answer that would be empty */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
        };
    };
    postV1Messages: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Slug of the channel */
                    channel: string;
                    body: string;
                    /** @description markdown (default) or plaintext */
                    body_format?: string;
                    thread_id?: string | null;
                    reply_to?: string | null;
                    kind?: ("message" | "correction") | null;
                    priority?: ("urgent" | "normal" | "fyi") | null;
                    metadata?: {
                        [key: string]: unknown;
                    } | null;
                    attachments?: string[] | null;
                    ack_within_s?: number | null;
                    client_msg_id?: string | null;
                };
            };
        };
        responses: {
            /** @description The message */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostedMessage"];
                };
            };
        };
    };
    getV1MessagesId: {
        parameters: {
            query?: {
                /** @description Return a deleted message as a tombstone */
                include_deleted?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    deleteV1MessagesId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted, or was already */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchV1MessagesId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    body?: string | null;
                    body_format?: string | null;
                    metadata?: {
                        [key: string]: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description The message */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EditedMessage"];
                };
            };
        };
    };
    postV1Attachments: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description The file */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attachment"];
                };
            };
        };
    };
    getV1AttachmentsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The bytes of a range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1MessagesIdContext: {
        parameters: {
            query?: {
                /** @description How many messages before it; default 5 */
                before?: number;
                /** @description How many messages after it; default 0 */
                after?: number;
                /** @description Instead of `before`: back to the last message of a person, at most 5, or 10 in a rapid exchange */
                rule?: "protocol";
                /** @description Only neighbours outside of a thread, and roots */
                top_level?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first, the message itself included */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        messages: components["schemas"]["Message"][];
                    };
                };
            };
        };
    };
    postV1MessagesIdReactions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description An emoji or a plain word: 1 to 64 visible characters without white space */
                    emoji: string;
                };
            };
        };
        responses: {
            /** @description You had reacted with this emoji before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description In order of first use */
                        reactions: {
                            emoji: string;
                            count: number;
                            /** @description The first 20, in order of use */
                            handles: string[];
                        }[];
                    };
                };
            };
            /** @description The reactions to the message */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description In order of first use */
                        reactions: {
                            emoji: string;
                            count: number;
                            /** @description The first 20, in order of use */
                            handles: string[];
                        }[];
                    };
                };
            };
        };
    };
    putV1MessagesIdReactionsEmoji: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reactions to the message */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description In order of first use */
                        reactions: {
                            emoji: string;
                            count: number;
                            /** @description The first 20, in order of use */
                            handles: string[];
                        }[];
                    };
                };
            };
        };
    };
    deleteV1MessagesIdReactionsEmoji: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You do not react with this emoji */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1ChannelsSlugThreads: {
        parameters: {
            query?: {
                /** @description Cursor: only threads with a reply after it */
                since?: string;
                /** @description next_cursor of the previous page */
                cursor?: string;
                /** @description Default 50 */
                limit?: number;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        threads: components["schemas"]["Thread"][];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1ThreadsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The thread */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: uuid
                         * @description The id of the root
                         */
                        id: string;
                        root: components["schemas"]["Message"];
                        reply_count: number;
                        last_reply_at: string | null;
                        /** @description At most 20 of those who posted in it */
                        participants: string[];
                        /** @description Whether you follow it */
                        followed: boolean;
                        chain: {
                            /** @description Your replies without a person; 0 = without a limit */
                            limit: number;
                            used: number;
                            remaining: number | null;
                            correction_used: boolean;
                            /** @description The agents that are stopped until a person acts */
                            blocked: {
                                account: components["schemas"]["AccountRef"];
                                thread_id: string | null;
                                /** @enum {string} */
                                code: "chain_limit" | "loop_guard";
                                limit: number;
                                used: number;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                            }[];
                        };
                    };
                };
            };
        };
    };
    postV1ThreadsIdContinue: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    extra?: number | null;
                };
            };
        };
        responses: {
            /** @description Who is stopped now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        chain: {
                            /** @description Your replies without a person; 0 = without a limit */
                            limit: number;
                            used: number;
                            remaining: number | null;
                            correction_used: boolean;
                            /** @description The agents that are stopped until a person acts */
                            blocked: {
                                account: components["schemas"]["AccountRef"];
                                thread_id: string | null;
                                /** @enum {string} */
                                code: "chain_limit" | "loop_guard";
                                limit: number;
                                used: number;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                            }[];
                        };
                    };
                };
            };
        };
    };
    getV1ThreadsIdMessages: {
        parameters: {
            query?: {
                /** @description Cursor: only messages after it */
                since?: string;
                /** @description Cursor: only messages before it */
                before?: string;
                /** @description Only messages that mention you */
                mentions_me?: boolean;
                /** @description Default 50 */
                limit?: number;
                order?: "asc" | "desc";
                /** @description Handle of the sender */
                from?: string;
                /** @description Handle that the message mentions */
                mention?: string;
                /** @description Text in the body, in upper or lower case */
                contains?: string;
                kind?: "message" | "correction" | "approval" | "system";
                /** @description Exclude your own messages */
                exclude_self?: boolean;
                /** @description Include deleted messages as tombstones */
                include_deleted?: boolean;
                /** @description Only messages outside of a thread, and roots */
                top_level?: boolean;
                /** @description Seconds to hold an answer that would be empty */
                wait?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
        };
    };
    putV1ThreadsIdFollow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    deleteV1ThreadsIdFollow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1Inbox: {
        parameters: {
            query?: {
                /** @description Cursor: only items after it. Default: the position of the consumer */
                since?: string;
                /** @description Cursor: only items before it */
                before?: string;
                /** @description Name of your position. Default: default */
                consumer?: string;
                /** @description Default 50 */
                limit?: number;
                /** @description asc (default), or desc from the newest item */
                order?: "asc" | "desc";
                /** @description Only items with one of these reasons, separated by commas */
                reason?: string;
                /** @description Only open items: neither acknowledged nor failed */
                unacked?: boolean;
                /** @description The items do not become seen */
                peek?: boolean;
                /** @description For observers: handle of the account whose inbox it is */
                account?: string;
                /** @description Seconds to hold an answer that would be empty */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxPage"];
                };
            };
        };
    };
    postV1InboxAck: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cursor?: string | null;
                    message_ids?: string[] | null;
                    consumer?: string | null;
                    state?: ("acked" | "failed") | null;
                    note?: string | null;
                    rewind?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Where the consumer is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Position of the consumer */
                        position: string;
                        /** @description Items that were open until now, counted to 1,000 */
                        acked: number;
                        /** @description Open items after the position, counted to 1,000 */
                        pending: number;
                    };
                };
            };
        };
    };
    getV1MessagesIdDeliveries: {
        parameters: {
            query?: {
                /** @description Only deliveries in this state */
                state?: "queued" | "unreachable" | "notified" | "seen" | "acked" | "failed";
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By handle */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deliveries: {
                            account: components["schemas"]["AccountRef"];
                            /** @enum {string} */
                            reason: "dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast";
                            /** @enum {string} */
                            state: "queued" | "unreachable" | "notified" | "seen" | "acked" | "failed";
                            /**
                             * Format: date-time
                             * @description UTC with six fraction digits and Z
                             */
                            state_at: string;
                            note: string | null;
                        }[];
                        next_cursor: string | null;
                        /** @description How many deliveries are in each state, over all pages */
                        summary: {
                            [key: string]: number;
                        };
                    };
                };
            };
        };
    };
    getV1MeCursors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `default` first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursors: {
                            consumer: string;
                            position: string;
                            pending: number;
                            updated_at: string | null;
                        }[];
                    };
                };
            };
        };
    };
    deleteV1MeCursorsConsumer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                consumer: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1Search: {
        parameters: {
            query: {
                /** @description Words that must all occur, "a phrase", -word for one that must not, word* for a beginning */
                q: string;
                /** @description A slug, up to 50 separated by commas, or * (default) for all you can read */
                channel?: string;
                /** @description Handle of the sender */
                from?: string;
                kind?: "message" | "correction" | "approval" | "system";
                /** @description Any message of a thread */
                thread?: string;
                /** @description Only messages posted before this time */
                before?: string;
                /** @description Only messages posted at this time or later */
                after?: string;
                /** @description best (default) or new */
                sort?: "best" | "new";
                /** @description Default 20 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of results */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: {
                            message: components["schemas"]["Message"];
                            /** @description Between 0 and 1; higher is better */
                            score: number;
                            /** @description A part of the body, on one line */
                            snippet: string;
                            /** @description Where the snippet matches: start and length in code points */
                            highlights: number[][];
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1Claims: {
        parameters: {
            query?: {
                /** @description One resource */
                resource?: string;
                /** @description The beginning of the resource */
                prefix?: string;
                /** @description Slug */
                channel?: string;
                /** @description Handle */
                holder?: string;
                /** @description Claims that have ended, too */
                include?: "ended";
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        claims: components["schemas"]["Claim"][];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    postV1Claims: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description `file:src/main.ts`, `message:<id>`, or any other <kind>:<name> */
                    resource: string;
                    ttl_s?: number | null;
                    note?: string | null;
                    message_id?: string | null;
                    channel?: string | null;
                    instance?: string | null;
                };
            };
        };
        responses: {
            /** @description You held it already; it is renewed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description The claim */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
        };
    };
    postV1ClaimsIdRenew: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    epoch: number;
                    ttl_s?: number | null;
                    note?: string | null;
                    instance?: string | null;
                };
            };
        };
        responses: {
            /** @description The claim */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
        };
    };
    postV1ClaimsIdRelease: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    epoch?: number | null;
                    outcome?: ("done" | "declined" | "failed") | null;
                    note?: string | null;
                    instance?: string | null;
                };
            };
        };
        responses: {
            /** @description The claim */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
        };
    };
    getV1ClaimsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The claim */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
        };
    };
    deleteV1ClaimsId: {
        parameters: {
            query?: {
                epoch?: number;
                /** @description Which of your programs */
                instance?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Released */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1Approvals: {
        parameters: {
            query?: {
                /** @description Slug */
                channel?: string;
                state?: "pending" | "decided" | "expired" | "cancelled";
                /** @description Those that you asked for, or those that are pending and that you may decide */
                mine?: "requested" | "decidable";
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        approvals: components["schemas"]["Approval"][];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    postV1Approvals: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Slug of the channel */
                    channel: string;
                    /** @description The body of the message; it may mention */
                    question: string;
                    /** @description 2 to 10 different ones; a text is its own id */
                    options: (string | {
                        id: string;
                        label: string;
                    })[];
                    approvers?: string[] | null;
                    ttl_s?: number | null;
                    reply_to?: string | null;
                    metadata?: {
                        [key: string]: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description The approval and its message */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        approval: components["schemas"]["Approval"];
                        message: components["schemas"]["Message"];
                    };
                };
            };
        };
    };
    getV1ApprovalsId: {
        parameters: {
            query?: {
                /** @description Seconds to hold an answer that would be empty */
                wait?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The approval */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    postV1ApprovalsIdDecide: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of the option */
                    option: string;
                    note?: string | null;
                };
            };
        };
        responses: {
            /** @description The approval */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    postV1ApprovalsIdCancel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The approval */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    getV1Presence: {
        parameters: {
            query?: {
                /** @description Slug: its members */
                channel?: string;
                /** @description One account */
                handle?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By handle */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        presence: components["schemas"]["Presence"][];
                    };
                };
            };
        };
    };
    putV1Presence: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description `offline` ends the lease of this instance
                     * @enum {string}
                     */
                    state: "working" | "waiting" | "blocked" | "idle" | "offline";
                    note?: string | null;
                    ttl_s?: number | null;
                    instance?: string | null;
                };
            };
        };
        responses: {
            /** @description Your presence */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Presence"];
                };
            };
        };
    };
    deleteV1Presence: {
        parameters: {
            query?: {
                /** @description One of your programs; default: all */
                instance?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1Activity: {
        parameters: {
            query?: {
                /** @description Default 24h */
                window?: "1h" | "24h" | "7d";
                /** @description Slug; default: every channel */
                channel?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description UTC with six fraction digits and Z
                         */
                        at: string;
                        /** @enum {string} */
                        window: "1h" | "24h" | "7d";
                        /** @description Length of a stretch of time, in seconds */
                        bucket_s: number;
                        /** @description At most 200; those that need a person come first */
                        agents: {
                            account: components["schemas"]["AccountRef"];
                            presence: components["schemas"]["Presence"];
                            /** @description Why it needs a person */
                            needs: ("approval" | "blocked" | "stopped" | "unreachable" | "failing")[];
                            claims: components["schemas"]["Claim"][];
                            last_message: {
                                /** Format: uuid */
                                id: string;
                                channel: string;
                                thread_id: string | null;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                                /** @description The beginning of the body, on one line */
                                snippet: string;
                            } | null;
                            inbox: {
                                /** @description Open items, counted to 1,000 */
                                pending: number;
                                oldest_at: string | null;
                            };
                            /** @description Where limits have stopped it */
                            blocked: {
                                channel: string;
                                thread_id: string | null;
                                /** @enum {string} */
                                code: "chain_limit" | "loop_guard";
                                limit: number;
                                used: number;
                                /**
                                 * Format: date-time
                                 * @description UTC with six fraction digits and Z
                                 */
                                at: string;
                            }[];
                            /** @description Messages by stretch of time, the oldest first */
                            posts: number[];
                            usage: {
                                turns: number;
                                input_tokens: number;
                                output_tokens: number;
                                cost_usd: number;
                            } | null;
                            pause: components["schemas"]["Pause"] | null;
                        }[];
                        channels: {
                            slug: string;
                            /** @description Messages by stretch of time, the oldest first */
                            human_posts: number[];
                            /** @description Messages by stretch of time, the oldest first */
                            agent_posts: number[];
                            /** @description How far agents have got by the run guard */
                            guard: {
                                used: number;
                                /** @description 0 = without a limit */
                                limit: number;
                            };
                        }[];
                        /** @description Whether there are more agents */
                        truncated: boolean;
                    };
                };
            };
        };
    };
    getV1Pauses: {
        parameters: {
            query?: {
                /** @description Only those of this channel */
                channel?: string;
                /** @description Only those of this agent */
                account?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        pauses: components["schemas"]["Pause"][];
                    };
                };
            };
        };
    };
    postV1Pauses: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    channel?: string | null;
                    account?: string | null;
                    minutes?: number | null;
                    note?: string | null;
                };
            };
        };
        responses: {
            /** @description The pause, in place of the earlier one */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pause"];
                };
            };
            /** @description The pause */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pause"];
                };
            };
        };
    };
    deleteV1PausesId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1MePush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The push endpoint */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_handle: string;
                        enabled: boolean;
                        webhook_url: string | null;
                        has_secret: boolean;
                        wake_on: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        /** @enum {string} */
                        mode: "message" | "inbox";
                    };
                };
            };
        };
    };
    putV1MePush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled: boolean;
                    webhook_url?: string | null;
                    secret?: string | null;
                    wake_on?: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                    mode?: ("message" | "inbox") | null;
                };
            };
        };
        responses: {
            /** @description The push endpoint with its secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_handle: string;
                        enabled: boolean;
                        webhook_url: string | null;
                        has_secret: boolean;
                        wake_on: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        /** @enum {string} */
                        mode: "message" | "inbox";
                        secret: string | null;
                    };
                };
            };
        };
    };
    deleteV1MePush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Disabled */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1MeWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        webhooks: components["schemas"]["Webhook"][];
                    };
                };
            };
        };
    };
    postV1MeWebhooks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description http or https, without user and password */
                    url: string;
                    /**
                     * @description What notifies you, or every event that you see
                     * @enum {string}
                     */
                    on: "inbox" | "events";
                    reasons?: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                    types?: string[] | null;
                    channels?: string[] | null;
                    mode?: ("message" | "inbox") | null;
                    batch_s?: number | null;
                    secret?: string | null;
                };
            };
        };
        responses: {
            /** @description The webhook with its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description `push` for the push endpoint */
                        id: string;
                        name: string;
                        url: string | null;
                        /** @enum {string} */
                        on: "inbox" | "events";
                        reasons: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        types: string[] | null;
                        channels: string[] | null;
                        /** @enum {string} */
                        mode: "message" | "inbox";
                        batch_s: number;
                        enabled: boolean;
                        disabled_reason: ("failing" | "gone") | null;
                        has_secret: boolean;
                        /** @description Deliveries still to be made */
                        pending: number;
                        /** @description Deliveries that were given up */
                        dead: number;
                        last_success_at: string | null;
                        failing_since: string | null;
                        /** Format: date-time */
                        created_at: string;
                        secret: string | null;
                    };
                };
            };
        };
    };
    getV1MeWebhooksId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    deleteV1MeWebhooksId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchV1MeWebhooksId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | null;
                    url?: string | null;
                    reasons?: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                    types?: string[] | null;
                    channels?: string[] | null;
                    mode?: ("message" | "inbox") | null;
                    batch_s?: number | null;
                    enabled?: boolean | null;
                    rotate_secret?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The webhook */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description `push` for the push endpoint */
                        id: string;
                        name: string;
                        url: string | null;
                        /** @enum {string} */
                        on: "inbox" | "events";
                        reasons: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        types: string[] | null;
                        channels: string[] | null;
                        /** @enum {string} */
                        mode: "message" | "inbox";
                        batch_s: number;
                        enabled: boolean;
                        disabled_reason: ("failing" | "gone") | null;
                        has_secret: boolean;
                        /** @description Deliveries still to be made */
                        pending: number;
                        /** @description Deliveries that were given up */
                        dead: number;
                        last_success_at: string | null;
                        failing_since: string | null;
                        /** Format: date-time */
                        created_at: string;
                        secret: string | null;
                    };
                };
            };
        };
    };
    postV1MeWebhooksIdTest: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is sent */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        delivery_id: string;
                    };
                };
            };
        };
    };
    getV1MeWebhooksIdDeliveries: {
        parameters: {
            query?: {
                state?: "pending" | "delivered" | "dead";
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deliveries: {
                            /**
                             * Format: uuid
                             * @description The header webhook-id of each attempt
                             */
                            id: string;
                            webhook_id: string;
                            /** @description Type of the event */
                            event: string;
                            seq: number | null;
                            /** @enum {string} */
                            state: "pending" | "delivered" | "dead";
                            attempts: {
                                /** Format: date-time */
                                at: string;
                                status: number | null;
                                ms: number;
                                error: string | null;
                                answer: string | null;
                            }[];
                            next_at: string | null;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    postV1MeWebhooksDeliveriesIdRedeliver: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is sent */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                    };
                };
            };
        };
    };
    getV1Events: {
        parameters: {
            query?: {
                /** @description Cursor; default now */
                since?: string;
                /** @description Slugs; default: all you can read */
                channel?: string[];
                /** @description Event types, prefixes such as message.*, or * for everything */
                type?: string[];
                /** @description Root of a thread */
                thread?: string;
                /** @description Exclude your own events */
                exclude_self?: boolean;
                /** @description Default 100 */
                limit?: number;
                /** @description Seconds to hold an answer that would be empty */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        events: components["schemas"]["Event"][];
                        /** @description An opaque position in the log */
                        cursor: string;
                        /** @description An opaque position in the log */
                        head_cursor: string;
                        has_more: boolean;
                        timed_out: boolean;
                    };
                };
            };
        };
    };
    getV1Ws: {
        parameters: {
            query?: {
                channel?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    patchV1Me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    display_name?: string | null;
                    about?: string | null;
                    capabilities?: string[] | null;
                    residency?: ("continuous" | "episodic") | null;
                };
            };
        };
        responses: {
            /** @description Your profile */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profile"];
                };
            };
        };
    };
    getV1MeAccess: {
        parameters: {
            query: {
                channel: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checks in order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        channel: string;
                        visible: boolean;
                        archived: boolean;
                        gates: {
                            membership: {
                                ok: boolean;
                                role: ("admin" | "member" | "read_only") | null;
                            };
                            scope: {
                                ok: boolean;
                                read: boolean;
                                post: boolean;
                                granted: string[];
                                required: string[];
                            };
                            role: {
                                ok: boolean;
                            };
                        } | null;
                        fix: string | null;
                    };
                };
            };
        };
    };
    getV1Accounts: {
        parameters: {
            query?: {
                /** @description Beginning of a handle, or of a word of the display name */
                q?: string;
                kind?: "human" | "agent";
                /** @description Default 20 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By handle */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accounts: {
                            /** Format: uuid */
                            id: string;
                            handle: string;
                            /** @enum {string} */
                            kind: "human" | "agent";
                            display_name: string;
                            presence: components["schemas"]["Presence"];
                        }[];
                    };
                };
            };
        };
    };
    getV1AccountsHandle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The profile */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        handle: string;
                        /** @enum {string} */
                        kind: "human" | "agent";
                        display_name: string;
                        about: string;
                        capabilities: string[];
                        /** @enum {string} */
                        residency: "continuous" | "episodic";
                        presence: components["schemas"]["Presence"];
                    };
                };
            };
        };
    };
    getV1MeExport: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line, `application/x-ndjson`; `type` says of what */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    getV1AdminAccountsIdExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line, `application/x-ndjson`; `type` says of what */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    getV1Server: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        version: string;
                        epoch: string;
                        /** @description An opaque position in the log */
                        head_cursor: string;
                        features: string[];
                        limits: {
                            [key: string]: number;
                        };
                    };
                };
            };
        };
    };
    getV1Protocol: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description For the instructions of an agent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        version: string;
                        markdown: string;
                        chain: {
                            /** @description Your replies in a thread without a person; 0 = without a limit */
                            limit: number;
                        };
                        /** @description The shortest useful interval of a client that only polls */
                        polling_s: number;
                    };
                };
            };
        };
    };
    getV1Setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the set-up */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description There is a person with a password */
                        ready: boolean;
                        /** @description The setting `instance.name` */
                        name: string;
                    };
                };
            };
        };
    };
    getPair: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1AdminAccounts: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        handle: string;
                        /** @enum {string} */
                        kind: "human" | "agent";
                        display_name: string;
                        email: string | null;
                        /** Format: date-time */
                        created_at: string;
                        archived_at: string | null;
                        is_admin: boolean;
                        chain_limit: number | null;
                        about: string;
                        capabilities: string[];
                        /** @enum {string} */
                        residency: "continuous" | "episodic";
                        last_seen_at: string | null;
                        /** @description Channels, without archived ones and direct conversations */
                        channel_count: number;
                        token_used_at: string | null;
                        presence: components["schemas"]["Presence"];
                    }[];
                };
            };
        };
    };
    postV1AdminAccounts: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "human" | "agent";
                    handle: string;
                    display_name?: string | null;
                    email?: string | null;
                    password?: string | null;
                    is_admin?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The account */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    patchV1AdminAccountsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    display_name?: string | null;
                    email?: string | null;
                    password?: string | null;
                    is_admin?: boolean | null;
                    chain_limit?: (number | "inherit") | null;
                    about?: string | null;
                    capabilities?: string[] | null;
                    residency?: ("continuous" | "episodic") | null;
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    postV1AdminAccountsIdArchive: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    postV1AdminAccountsIdUnarchive: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    postV1AdminAccountsIdErase: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The handle of the account */
                    confirm: string;
                    /** @enum {string} */
                    mode: "anonymize" | "delete_messages";
                    redact_mentions?: boolean | null;
                };
            };
        };
        responses: {
            /** @description What was erased */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        mode: "anonymize" | "delete_messages";
                        messages_deleted: number;
                        /** @description The messages that stay, of the erased account */
                        messages_anonymized: number;
                        tokens_revoked: number;
                        matrix?: {
                            events_redacted: number;
                        } | null;
                        /** @description False: after 20 s the rest is done in the background */
                        done: boolean;
                    };
                };
            };
        };
    };
    getV1AdminChannels: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"][];
                };
            };
        };
    };
    postV1AdminChannels: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    slug: string;
                    name: string;
                    description?: string | null;
                    topic?: string | null;
                    kind?: ("public" | "private" | "dm") | null;
                    join?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The channel */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    patchV1AdminChannelsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | null;
                    description?: string | null;
                    topic?: string | null;
                    kind?: ("public" | "private" | "dm") | null;
                    archived?: boolean | null;
                    settings?: {
                        retention_days?: number | null;
                        retention_max?: number | null;
                        legal_hold?: boolean | null;
                        chain_limit?: number | null;
                        agent_run?: number | null;
                        auto_continue_s?: number | null;
                        broadcast_by?: ("all" | "humans" | "admins") | null;
                        history?: ("all" | "joined") | null;
                        matrix?: boolean | null;
                    } | null;
                };
            };
        };
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    postV1AdminChannelsIdArchive: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    postV1AdminChannelsIdUnarchive: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    postV1AdminChannelsIdPurge: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    before?: string | null;
                    keep?: number | null;
                    dry_run?: boolean | null;
                };
            };
        };
        responses: {
            /** @description What was deleted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The messages deleted, tombstones included */
                        messages: number;
                        /** @description The position up to which the channel was purged */
                        through_cursor: string;
                        /** @description False: after 20 s the rest is done in the background */
                        done: boolean;
                    };
                };
            };
        };
    };
    getV1AdminMemberships: {
        parameters: {
            query?: {
                /** @description Handle */
                account?: string;
                /** @description Slug */
                channel?: string;
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"][];
                };
            };
        };
    };
    postV1AdminMemberships: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    account_handle: string;
                    channel_slug: string;
                    role?: ("member" | "admin" | "read_only" | "read-only") | null;
                };
            };
        };
        responses: {
            /** @description The membership */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
        };
    };
    deleteV1AdminMembershipsAccountIdChannelId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchV1AdminMembershipsAccountIdChannelId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    role: "member" | "admin" | "read_only" | "read-only";
                };
            };
        };
        responses: {
            /** @description The membership */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
        };
    };
    getV1AdminTokens: {
        parameters: {
            query: {
                /** @description Handle */
                account: string;
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of creation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"][];
                };
            };
        };
    };
    postV1AdminTokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    account_handle: string;
                    /** @description At least one, for example channel:general:read */
                    scopes: string[];
                    name?: string | null;
                    expires_at?: string | null;
                    actors?: string[] | null;
                };
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedToken"];
                };
            };
        };
    };
    postV1AdminTokensIdRevoke: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
        };
    };
    getV1AdminDevices: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of creation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        device: string;
                        account_handle: string;
                        /** @enum {string} */
                        account_kind: "human" | "agent";
                        scopes: string[];
                        actors: string[] | null;
                        /** @enum {string} */
                        state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                        /** Format: date-time */
                        created_at: string;
                        /**
                         * Format: date-time
                         * @description When the code expires
                         */
                        expires_at: string;
                        token_id: string | null;
                        last_used_at: string | null;
                    }[];
                };
            };
        };
    };
    postV1AdminDevices: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Label of the device; the prefixes browser- and viewer- choose default scopes */
                    device: string;
                    account_handle?: string | null;
                    scopes?: string[] | null;
                    actors?: string[] | null;
                    ttl_s?: number | null;
                    direct?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The code */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        device: string;
                        account_handle: string;
                        /** @enum {string} */
                        account_kind: "human" | "agent";
                        scopes: string[];
                        actors: string[] | null;
                        /** @enum {string} */
                        state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                        /** Format: date-time */
                        created_at: string;
                        /**
                         * Format: date-time
                         * @description When the code expires
                         */
                        expires_at: string;
                        token_id: string | null;
                        last_used_at: string | null;
                        /** @description The code in the link */
                        code?: string;
                        typed_code?: string;
                        /** @description With `direct` */
                        token?: string;
                    };
                };
            };
        };
    };
    postV1AdminDevicesIdRevoke: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The device */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        device: string;
                        account_handle: string;
                        /** @enum {string} */
                        account_kind: "human" | "agent";
                        scopes: string[];
                        actors: string[] | null;
                        /** @enum {string} */
                        state: "active" | "redeemed" | "expired" | "revoked" | "locked";
                        /** Format: date-time */
                        created_at: string;
                        /**
                         * Format: date-time
                         * @description When the code expires
                         */
                        expires_at: string;
                        token_id: string | null;
                        last_used_at: string | null;
                    };
                };
            };
        };
    };
    getV1AdminAccountsIdPush: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The push endpoint */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_handle: string;
                        enabled: boolean;
                        webhook_url: string | null;
                        has_secret: boolean;
                        wake_on: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        /** @enum {string} */
                        mode: "message" | "inbox";
                    };
                };
            };
        };
    };
    patchV1AdminAccountsIdPush: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled: boolean;
                    webhook_url?: string | null;
                    secret?: string | null;
                    wake_on?: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[] | null;
                    mode?: ("message" | "inbox") | null;
                };
            };
        };
        responses: {
            /** @description The push endpoint with its secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_handle: string;
                        enabled: boolean;
                        webhook_url: string | null;
                        has_secret: boolean;
                        wake_on: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                        /** @enum {string} */
                        mode: "message" | "inbox";
                        secret: string | null;
                    };
                };
            };
        };
    };
    getV1AdminWebhooks: {
        parameters: {
            query?: {
                /** @description Handle */
                account?: string;
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        webhooks: {
                            /** @description `push` for the push endpoint */
                            id: string;
                            name: string;
                            url: string | null;
                            /** @enum {string} */
                            on: "inbox" | "events";
                            reasons: ("dm" | "mention" | "reply" | "approval" | "overdue" | "thread" | "group" | "broadcast")[];
                            types: string[] | null;
                            channels: string[] | null;
                            /** @enum {string} */
                            mode: "message" | "inbox";
                            batch_s: number;
                            enabled: boolean;
                            disabled_reason: ("failing" | "gone") | null;
                            has_secret: boolean;
                            /** @description Deliveries still to be made */
                            pending: number;
                            /** @description Deliveries that were given up */
                            dead: number;
                            last_success_at: string | null;
                            failing_since: string | null;
                            /** Format: date-time */
                            created_at: string;
                            account_handle: string;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1AdminWebhooksDeliveries: {
        parameters: {
            query?: {
                /** @description Handle */
                account?: string;
                state?: "pending" | "delivered" | "dead";
                /** @description Default 50 */
                limit?: number;
                /** @description next_cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deliveries: {
                            /**
                             * Format: uuid
                             * @description The header webhook-id of each attempt
                             */
                            id: string;
                            webhook_id: string;
                            /** @description Type of the event */
                            event: string;
                            seq: number | null;
                            /** @enum {string} */
                            state: "pending" | "delivered" | "dead";
                            attempts: {
                                /** Format: date-time */
                                at: string;
                                status: number | null;
                                ms: number;
                                error: string | null;
                                answer: string | null;
                            }[];
                            next_at: string | null;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    postV1AdminWebhooksDeliveriesIdRedeliver: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is sent */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                    };
                };
            };
        };
    };
    postV1AdminOnboard: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    handle: string;
                    channels: string[];
                    display_name?: string | null;
                    read_only?: boolean | null;
                    token_name?: string | null;
                };
            };
        };
        responses: {
            /** @description What was created and what existed; the token is shown once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        handle: string;
                        account_created: boolean;
                        channels_joined: string[];
                        channels_already_member: string[];
                        token_scopes: string[];
                        token_id: string;
                        token: string;
                    };
                };
            };
        };
    };
    getV1Config: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In declaration order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        settings: {
                            key: string;
                            /** @description The current value; secrets are masked */
                            value: unknown;
                            /** @description The value if it is set neither here nor in the environment */
                            default: unknown;
                            /** @enum {string} */
                            source: "default" | "env" | "set";
                            updated_at: string | null;
                            updated_by: string | null;
                        }[];
                    };
                };
            };
        };
    };
    putV1ConfigKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description A value of the setting’s type */
                    value: unknown;
                };
            };
        };
        responses: {
            /** @description The setting */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        key: string;
                        /** @description The current value; secrets are masked */
                        value: unknown;
                        /** @description The value if it is set neither here nor in the environment */
                        default: unknown;
                        /** @enum {string} */
                        source: "default" | "env" | "set";
                        updated_at: string | null;
                        updated_by: string | null;
                    };
                };
            };
        };
    };
    deleteV1ConfigKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The setting */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        key: string;
                        /** @description The current value; secrets are masked */
                        value: unknown;
                        /** @description The value if it is set neither here nor in the environment */
                        default: unknown;
                        /** @enum {string} */
                        source: "default" | "env" | "set";
                        updated_at: string | null;
                        updated_by: string | null;
                    };
                };
            };
        };
    };
    getV1ConfigHistory: {
        parameters: {
            query?: {
                key?: string;
                /** @description Default 100 */
                limit?: number;
                /** @description `next_cursor` of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        changes: {
                            /** @description Seq of its event `setting.changed` */
                            seq: number;
                            key: string;
                            unset: boolean;
                            value: unknown;
                            /** Format: date-time */
                            at: string;
                            by: string | null;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1AdminAudit: {
        parameters: {
            query?: {
                /** @description Handle of the actor */
                actor?: string;
                /** @description An action or a prefix of one, such as `token.` */
                action?: string;
                /** @description Id of an account, a token or a channel; or the key of a setting */
                target?: string;
                /** @description ISO 8601 */
                since?: string;
                /** @description Default 100 */
                limit?: number;
                /** @description `next_cursor` of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entries: {
                            /** Format: uuid */
                            id: string;
                            /** Format: date-time */
                            at: string;
                            actor: string | null;
                            token_id: string | null;
                            /** @enum {string} */
                            via: "session" | "token" | "operator" | "server";
                            ip: string | null;
                            action: string;
                            target_type: string | null;
                            target_id: string | null;
                            metadata: {
                                [key: string]: unknown;
                            };
                            /** @description SHA-256 of the previous hash and this entry */
                            hash: string;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1AdminAuditVerify: {
        parameters: {
            query?: {
                /** @description An earlier hash, which must still be in the chain */
                known?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Number of intact entries from the first on */
                        entries: number;
                        /** @description Hash of the last of them; keep it elsewhere and check it later with `known` */
                        hash: string;
                        broken: {
                            /** @description Id of the first entry that was changed or is missing */
                            entry: number;
                            /** @enum {string} */
                            problem: "changed" | "missing";
                        } | null;
                        known: boolean | null;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By id */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        enabled: boolean;
                        /** Format: date-time */
                        created_at: string;
                        disabled_at: string | null;
                        machines: number;
                        /** @description 0 = without a limit */
                        machine_limit: number;
                        storage_bytes: number;
                        storage_limit: number;
                    }[];
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        enabled: boolean;
                        /** Format: date-time */
                        created_at: string;
                        disabled_at: string | null;
                        machines: number;
                        /** @description 0 = without a limit */
                        machine_limit: number;
                        storage_bytes: number;
                        storage_limit: number;
                    };
                };
            };
        };
    };
    patchV1AdminConfigsyncUsersHandle: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    quota_bytes?: number | null;
                    max_machines?: number | null;
                };
            };
        };
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        enabled: boolean;
                        /** Format: date-time */
                        created_at: string;
                        disabled_at: string | null;
                        machines: number;
                        /** @description 0 = without a limit */
                        machine_limit: number;
                        storage_bytes: number;
                        storage_limit: number;
                    };
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleEnable: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        enabled: boolean;
                        /** Format: date-time */
                        created_at: string;
                        disabled_at: string | null;
                    };
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleDisable: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        enabled: boolean;
                        /** Format: date-time */
                        created_at: string;
                        disabled_at: string | null;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In order of creation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"][];
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleTokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    label: string;
                    expires_at?: string | null;
                    read_only?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedToken"];
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleTokensIdRevoke: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleMachines: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In order of registration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        machine_id: string;
                        name: string;
                        platform: string | null;
                        arch: string | null;
                        client_version: string | null;
                        /** Format: date-time */
                        created_at: string;
                        /** Format: date-time */
                        last_seen_at: string;
                    }[];
                };
            };
        };
    };
    deleteV1AdminConfigsyncUsersHandleMachinesMachineId: {
        parameters: {
            query?: {
                /** @description Removes them, too */
                snapshots?: boolean;
            };
            header?: never;
            path: {
                handle: string;
                machine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The machine */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        machine_id: string;
                        name: string;
                        platform: string | null;
                        arch: string | null;
                        client_version: string | null;
                        /** Format: date-time */
                        created_at: string;
                        /** Format: date-time */
                        last_seen_at: string;
                    };
                };
            };
        };
    };
    patchV1AdminConfigsyncUsersHandleMachinesMachineId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
                machine_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                };
            };
        };
        responses: {
            /** @description The machine */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        machine_id: string;
                        name: string;
                        platform: string | null;
                        arch: string | null;
                        client_version: string | null;
                        /** Format: date-time */
                        created_at: string;
                        /** Format: date-time */
                        last_seen_at: string;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleActions: {
        parameters: {
            query?: {
                machine?: string;
            };
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        machine_id: string;
                        action: string;
                        payload: {
                            [key: string]: unknown;
                        };
                        /** Format: date-time */
                        created_at: string;
                    }[];
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleMachinesMachineIdActions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
                machine_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description add_module, remove_module, add_package, remove_package, add_environment, update_environment, remove_environment */
                    action: string;
                    /** @description Depends on the action, such as `{"name":"zsh"}` */
                    payload: {
                        [key: string]: unknown;
                    };
                };
            };
        };
        responses: {
            /** @description What waits for the machine */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        machine_id: string;
                        action: string;
                        payload: {
                            [key: string]: unknown;
                        };
                        /** Format: date-time */
                        created_at: string;
                    }[];
                };
            };
        };
    };
    deleteV1AdminConfigsyncUsersHandleMachinesMachineIdActions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
                machine_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        removed: number;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleEnvironments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        tier: "development" | "staging" | "production" | "custom";
                        color: string | null;
                        protect: boolean;
                    }[];
                };
            };
        };
    };
    deleteV1AdminConfigsyncUsersHandleEnvironmentsName: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The environment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        tier: "development" | "staging" | "production" | "custom";
                        color: string | null;
                        protect: boolean;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleKeypair: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key pair */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        public_key: string;
                        key_algorithm: string;
                        key_version: number;
                        kek_iterations: number;
                        /** Format: date-time */
                        created_at: string;
                    };
                };
            };
        };
    };
    deleteV1AdminConfigsyncUsersHandleKeypair: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The deleted key pair */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        public_key: string;
                        key_algorithm: string;
                        key_version: number;
                        kek_iterations: number;
                        /** Format: date-time */
                        created_at: string;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleAudit: {
        parameters: {
            query?: {
                /** @description Default 100 */
                limit?: number;
                /** @description `next_cursor` of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entries: {
                            /** Format: date-time */
                            at: string;
                            event: string;
                            ref: string | null;
                            bytes: number | null;
                            token_id: string | null;
                            ip: string | null;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandlePurge: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The handle once more */
                    confirm: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        handle: string;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleSnapshots: {
        parameters: {
            query?: {
                machine?: string;
                /** @description Default 100 */
                limit?: number;
                /** @description `next_cursor` of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        snapshots: {
                            id: number;
                            machine_id: string;
                            machine_name: string | null;
                            size_bytes: number;
                            sha256: string;
                            /** Format: date-time */
                            created_at: string;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncSnapshotsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    deleteV1AdminConfigsyncSnapshotsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1AdminConfigsyncUsersHandleEntities: {
        parameters: {
            query?: {
                type?: "project" | "workspace" | "config" | "module" | "profile";
            };
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entities */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entities: {
                            id: number;
                            /** @enum {string} */
                            type: "project" | "workspace" | "config" | "module" | "profile";
                            slug: string;
                            name: string;
                            current_version: number;
                            /** Format: date-time */
                            created_at: string;
                            /** Format: date-time */
                            updated_at: string;
                        }[];
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncEntitiesIdVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The versions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        versions: {
                            version: number;
                            size_bytes: number;
                            /** @description Of the ciphertext */
                            sha256: string;
                            /** @description Of the plaintext, as the client says */
                            content_hash: string;
                            /** Format: date-time */
                            created_at: string;
                        }[];
                    };
                };
            };
        };
    };
    postV1AdminConfigsyncPrune: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Only counts */
                    dry_run?: boolean;
                };
            };
        };
        responses: {
            /** @description How many were deleted, or would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        snapshots: number;
                        versions: number;
                        entities: number;
                    };
                };
            };
        };
    };
    postV1AdminConfigsyncGc: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Only counts */
                    dry_run?: boolean;
                };
            };
        };
        responses: {
            /** @description What was removed, or would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        bytes: number;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncVerify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result; missing and corrupt blobs by their paths */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checked: number;
                        bytes: number;
                        missing: string[];
                        corrupt: string[];
                        orphans: {
                            count: number;
                            bytes: number;
                        } | null;
                    };
                };
            };
        };
    };
    getV1AdminConfigsyncUsersHandleExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line; the last one is `{"type":"end"}` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    postV1AdminConfigsyncUsersHandleImport: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": unknown;
            };
        };
        responses: {
            /** @description What was imported */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: number;
                        handle: string;
                        machines: number;
                        entities: number;
                        versions: number;
                        snapshots: number;
                        variables: number;
                    };
                };
            };
        };
    };
    postV1AdminBackups: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    label?: string | null;
                    with_blobs?: boolean | null;
                    passphrase?: string | null;
                };
            };
        };
        responses: {
            /** @description The files, as paths on the server’s machine */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: string | null;
                        dump: string | null;
                        record: {
                            [key: string]: unknown;
                        } | null;
                        bytes: number;
                        keys: string | null;
                        blobs: number | null;
                        pruned: string[];
                        notices: string[];
                    };
                };
            };
        };
    };
    postV1AdminBackupsPrune: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    dry_run?: boolean | null;
                };
            };
        };
        responses: {
            /** @description What was removed, and what was kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The backups that were removed, or would be */
                        pruned: string[];
                        /** @description The other backups, and why each is kept: such as `daily`, `newest`, `labelled` */
                        kept: {
                            file: string;
                            kept_by: string[];
                        }[];
                        notices: string[];
                    };
                };
            };
        };
    };
    postV1AdminStop: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The `boot_id` in `GET /v1/health` of the run to stop */
                    boot_id: string;
                };
            };
        };
        responses: {
            /** @description It stops after answering the requests in flight */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        boot_id: string;
                        /** @constant */
                        stopping: true;
                    };
                };
            };
        };
    };
    getV1AdminMatrix: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The homeserver */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixStatus"];
                };
            };
        };
    };
    getV1AdminMatrixProjector: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The projector */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixProjector"];
                };
            };
        };
    };
    putV1AdminMatrixProjectorRebuild: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Slug */
                    channel: string;
                };
            };
        };
        responses: {
            /** @description The room as it was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRoom"];
                };
            };
        };
    };
    getV1AdminMatrixUsers: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of their accounts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixUser"][];
                };
            };
        };
    };
    getV1AdminMatrixUsersUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: string;
                        /** Format: uuid */
                        account_id: string;
                        handle: string;
                        display_name: string;
                        /** @enum {string} */
                        kind: "human" | "agent";
                        is_admin: boolean;
                        /**
                         * @description Where the account was made
                         * @enum {string}
                         */
                        origin: "synapse" | "matrix";
                        /** @description Its devices can do nothing but log out */
                        locked: boolean;
                        /** @description It reads, and writes nothing */
                        suspended: boolean;
                        archived_at: string | null;
                        deactivated_at: string | null;
                        rooms: number;
                        media: {
                            files: number;
                            bytes: number;
                        };
                        devices: components["schemas"]["MatrixDevice"][];
                        pushers: components["schemas"]["MatrixPusher"][];
                    };
                };
            };
        };
    };
    putV1AdminMatrixUsersUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                    display_name?: string | null;
                    is_admin?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The user */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixUser"];
                };
            };
        };
    };
    deleteV1AdminMatrixUsersUserId: {
        parameters: {
            query?: {
                /** @description Who joins later sees its events redacted; default false */
                erase?: boolean;
            };
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixUser"];
                };
            };
        };
    };
    patchV1AdminMatrixUsersUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    locked?: boolean | null;
                    suspended?: boolean | null;
                };
            };
        };
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixUser"];
                };
            };
        };
    };
    getV1AdminMatrixPushers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By account and time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        pushers: {
                            user_id: string;
                            app_id: string;
                            app_display_name: string;
                            device_display_name: string;
                            /** @description The push gateway */
                            url: string;
                            /** @description Calls in a row that failed */
                            failures: number;
                            failing_since: string | null;
                        }[];
                    };
                };
            };
        };
    };
    deleteV1AdminMatrixUsersUserIdDevicesMatrixDeviceId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
                matrix_device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    deleteV1AdminMatrixUsersUserIdDevices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many sessions ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: string;
                        ended: number;
                    };
                };
            };
        };
    };
    getV1AdminMatrixRegistrationTokens: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of the tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRegistrationToken"][];
                };
            };
        };
    };
    putV1AdminMatrixRegistrationTokensRegistrationToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                registration_token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    uses_allowed?: number | null;
                    expires_at?: string | null;
                };
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRegistrationToken"];
                };
            };
        };
    };
    deleteV1AdminMatrixRegistrationTokensRegistrationToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                registration_token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1AdminMatrixRooms: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of their channels */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        room_id: string;
                        /** @description The slug of its channel */
                        channel: string;
                        name: string;
                        /** @enum {string} */
                        kind: "public" | "private" | "dm";
                        version: string;
                        /**
                         * @description Where it was made
                         * @enum {string}
                         */
                        born: "channel" | "matrix";
                        federate: boolean;
                        /** @description It is in the room directory */
                        published: boolean;
                        /** @description Nobody can join it, be invited or knock */
                        blocked: boolean;
                        archived_at: string | null;
                        members: number;
                    }[];
                };
            };
        };
    };
    getV1AdminMatrixRoomsRoomId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                room_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The room */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        room_id: string;
                        /** @description The slug of its channel */
                        channel: string;
                        name: string;
                        /** @enum {string} */
                        kind: "public" | "private" | "dm";
                        version: string;
                        /**
                         * @description Where it was made
                         * @enum {string}
                         */
                        born: "channel" | "matrix";
                        federate: boolean;
                        /** @description It is in the room directory */
                        published: boolean;
                        /** @description Nobody can join it, be invited or knock */
                        blocked: boolean;
                        archived_at: string | null;
                        /** @description How many users have each membership */
                        memberships: {
                            [key: string]: number;
                        };
                        aliases: string[];
                        /** @description The content of the events that say what the room is, by type */
                        state: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
        };
    };
    deleteV1AdminMatrixRoomsRoomId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                room_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The room */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        room_id: string;
                        /** @description The slug of its channel */
                        channel: string;
                        name: string;
                        /** @enum {string} */
                        kind: "public" | "private" | "dm";
                        version: string;
                        /**
                         * @description Where it was made
                         * @enum {string}
                         */
                        born: "channel" | "matrix";
                        federate: boolean;
                        /** @description It is in the room directory */
                        published: boolean;
                        /** @description Nobody can join it, be invited or knock */
                        blocked: boolean;
                        archived_at: string | null;
                        removed: number;
                    };
                };
            };
        };
    };
    patchV1AdminMatrixRoomsRoomId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                room_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    blocked: boolean;
                };
            };
        };
        responses: {
            /** @description The room */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRoom"];
                };
            };
        };
    };
    getV1AdminMatrixRoomsRoomIdMembers: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                room_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of the user ids */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user_id: string;
                        membership: string;
                    }[];
                };
            };
        };
    };
    putV1AdminMatrixRoomsRoomIdAdminsUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                room_id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The room */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRoom"];
                };
            };
        };
    };
    putV1AdminMatrixAliasesAlias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The room is an id, an alias, or the slug of its channel. */
                    room: string;
                };
            };
        };
        responses: {
            /** @description The room */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixRoom"];
                };
            };
        };
    };
    deleteV1AdminMatrixAliasesAlias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getV1AdminMatrixMedia: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The header Synapse-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bare array in order of the accounts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        handle: string;
                        files: number;
                        bytes: number;
                    }[];
                };
            };
        };
    };
    deleteV1AdminMatrixMedia: {
        parameters: {
            query: {
                /** @description ISO 8601 */
                before: string;
                /** @description Only count them; default false */
                dry_run?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was deleted, or would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        before: string;
                        dry_run: boolean;
                        files: number;
                        bytes: number;
                    };
                };
            };
        };
    };
    deleteV1AdminMatrixMediaMediaServerMediaId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                media_server: string;
                media_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchV1AdminMatrixMediaMediaServerMediaId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                media_server: string;
                media_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    quarantined: boolean;
                };
            };
        };
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        uri: string;
                        size: number;
                        quarantined: boolean;
                    };
                };
            };
        };
    };
    getV1AdminMatrixKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All keys, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixKey"][];
                };
            };
        };
    };
    getV1AdminMatrixKeysCurrent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A key file that other homeservers read, too */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        key_id: string;
                        key: string;
                    };
                };
            };
        };
    };
    putV1AdminMatrixKeysCurrent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    key?: string | null;
                };
            };
        };
        responses: {
            /** @description All keys, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatrixKey"][];
                };
            };
        };
    };
    getWellKnownAgentCardJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The card */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        skills: {
                            [key: string]: unknown;
                        }[];
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    getA2aV1ExtendedAgentCard: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The card */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/a2a+json": {
                        name: string;
                        skills: {
                            [key: string]: unknown;
                        }[];
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    postA2aV1MessageSend: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request happen once. If the same account repeats it with this key within 24 hours, nothing is done again and the answer is the first one, with `Idempotent-Replayed: true`. A different request with this key is 409 `idempotency_conflict`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/a2a+json": {
                    message: {
                        /** @description Retry key: a repeated request returns the task of the first one */
                        messageId: string;
                        /** @enum {string} */
                        role: "ROLE_USER";
                        parts: {
                            text?: string | null;
                            mediaType?: string | null;
                            /** @description Not supported */
                            raw?: unknown;
                            /** @description Not supported */
                            url?: unknown;
                            /** @description Not supported */
                            data?: unknown;
                        }[];
                        contextId?: string | null;
                        taskId?: string | null;
                        metadata?: {
                            [key: string]: unknown;
                        } | null;
                    };
                    configuration?: {
                        returnImmediately?: boolean | null;
                        /** @description At most so many messages in `history` */
                        historyLength?: number;
                        acceptedOutputModes?: string[] | null;
                        /** @description Not supported */
                        taskPushNotificationConfig?: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/a2a+json": {
                        /** @description Task of A2A 1.0 */
                        task: {
                            /** @description Id of the message, a dot, id of the recipient */
                            id: string;
                            /** @description Root of the thread */
                            contextId: string;
                            status: {
                                state: string;
                                timestamp: string;
                            } & {
                                [key: string]: unknown;
                            };
                        } & {
                            [key: string]: unknown;
                        };
                    };
                };
            };
        };
    };
    getA2aV1TasksId: {
        parameters: {
            query?: {
                /** @description At most so many messages in `history` */
                historyLength?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/a2a+json": {
                        /** @description Id of the message, a dot, id of the recipient */
                        id: string;
                        /** @description Root of the thread */
                        contextId: string;
                        status: {
                            state: string;
                            timestamp: string;
                        } & {
                            [key: string]: unknown;
                        };
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    getA2aV1Tasks: {
        parameters: {
            query?: {
                /** @description Only tasks of this thread */
                contextId?: string;
                /** @description Only tasks in this state */
                status?: "TASK_STATE_SUBMITTED" | "TASK_STATE_WORKING" | "TASK_STATE_INPUT_REQUIRED" | "TASK_STATE_COMPLETED" | "TASK_STATE_FAILED" | "TASK_STATE_CANCELED" | "TASK_STATE_REJECTED" | "TASK_STATE_AUTH_REQUIRED" | "TASK_STATE_UNSPECIFIED";
                /** @description Default 50 */
                pageSize?: number;
                /** @description `nextPageToken` of the page before */
                pageToken?: string;
                /** @description At most so many messages in `history` */
                historyLength?: number;
                /** @description Only tasks that changed at this time or later */
                statusTimestampAfter?: string;
                /** @description Has no effect: tasks have no artifacts */
                includeArtifacts?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/a2a+json": {
                        tasks: ({
                            /** @description Id of the message, a dot, id of the recipient */
                            id: string;
                            /** @description Root of the thread */
                            contextId: string;
                            status: {
                                state: string;
                                timestamp: string;
                            } & {
                                [key: string]: unknown;
                            };
                        } & {
                            [key: string]: unknown;
                        })[];
                        /** @description Empty on the last page */
                        nextPageToken: string;
                        pageSize: number;
                        /** @description Tasks on all pages */
                        totalSize: number;
                    };
                };
            };
        };
    };
}
