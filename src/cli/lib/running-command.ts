/** The name of the command that this process runs, such as `add-member`. Set by `dispatch`; undefined in tests. */
export const running: { command: string | undefined } = { command: undefined }
