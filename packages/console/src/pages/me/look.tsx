import { type Preferences, prefer, preferences } from '../../app/preferences'

/** How the console looks in this browser, and what Enter does. */
export function Look() {
  return (
    <>
      <Choices
        legend="Theme"
        name="theme"
        values={[
          ['system', 'As the system'],
          ['light', 'Light'],
          ['dark', 'Dark'],
        ]}
      />
      <Choices
        legend="Rows"
        name="density"
        values={[
          ['comfortable', 'Comfortable'],
          ['compact', 'Compact'],
        ]}
      />
      <Choices
        legend="Time"
        name="clock"
        values={[
          ['24', '13:04'],
          ['12', '1:04 pm'],
        ]}
      />
      <Choices
        legend="Enter, in a message"
        name="enter"
        values={[
          ['send', 'Sends it'],
          ['break', 'Begins a new line'],
        ]}
      />
      <p class="hint">These choices are kept in this browser.</p>
    </>
  )
}

interface ChoicesProps<Name extends keyof Preferences> {
  readonly legend: string
  readonly name: Name
  readonly values: readonly (readonly [value: Preferences[Name], words: string])[]
}

/** One of a few values, kept in this browser. */
function Choices<Name extends 'theme' | 'density' | 'clock' | 'enter'>({
  legend,
  name,
  values,
}: ChoicesProps<Name>) {
  const chosen = preferences.value[name]
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {values.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => prefer({ [name]: value } as Partial<Preferences>)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
