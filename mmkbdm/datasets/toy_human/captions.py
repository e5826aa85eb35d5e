"""One-line descriptions in the manner of Human-Art's.

Source: ours, after Human-Art (arXiv:2303.02760). Every word is read from the
painted scene: the archetype, the colour of the shirt, the object that shows.
"""

_NUMBERS = {2: 'two', 3: 'three', 4: 'four'}


def describe(scene, style):
    """Return the description of a scene.

    Args:
        scene (Scene): Painted scene.
        style (str): Name of the style, with underscores.

    Returns:
        str: Such as ``'sketch, a person in red waving next to a ball'``.
    """
    people = [
        (person.look.shirt_name, person.phrase) for person in scene.people
    ]
    where = _where(scene)
    if len(people) == 1:
        colour, phrase = people[0]
        return f'{style}, a person in {colour} {phrase}{where}'
    each = [f'one in {colour} {phrase}' for colour, phrase in people]
    listed = ', '.join(each[:-1]) + ' and ' + each[-1]
    return f'{style}, {_NUMBERS[len(people)]} people, {listed}{where}'


def _where(scene):
    for prop in scene.props:
        shown = scene.visible(owner=prop.name)
        if shown < 0.004 * scene.index.size or shown < 0.3 * prop.area:
            continue
        article = f'a {prop.name}'
        if len(scene.people) > 1:
            return f', with {article} nearby'
        if prop.cover > 0.04 * scene.people[0].area:
            return f' behind {article}'
        if shown < 0.7 * prop.area and not prop.cover:
            return f' in front of {article}'
        return f' next to {article}'
    return ''
