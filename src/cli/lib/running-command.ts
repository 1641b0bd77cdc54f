/** The command that this process runs, by its name, such as `add-member`. `dispatch` sets it; tests run without one. */
export const running: { command: string | undefined } = { command: undefined }
