<?php
// Reads each line of standard input as {"query": ...} or {"body": ...}, and says what PHP takes for the entity.

function texts($value): array
{
    if (!is_array($value)) {
        return [is_string($value) ? $value : var_export($value, true)];
    }
    $all = [];
    foreach ($value as $one) {
        array_push($all, ...texts($one));
    }
    return $all;
}

function at($value, array $keys): array
{
    foreach ($keys as $key) {
        if (!is_array($value) || !array_key_exists($key, $value)) {
            return [];
        }
        $value = $value[$key];
    }
    return texts($value);
}

error_reporting(E_ERROR);
while (($line = fgets(STDIN)) !== false) {
    $asked = json_decode($line, true);
    $said = [];
    if (array_key_exists('query', $asked)) {
        parse_str($asked['query'], $read);
        $said['php'] = at($read, ['entity_id']);
    } else {
        $read = json_decode($asked['body'], true);
        $said['php'] = at($read, $asked['at']);
    }
    echo json_encode($said, JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
